import { createRequire } from "node:module";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import type AnyPb from "google-protobuf/google/protobuf/any_pb.js";
import type EmptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import type StructPb from "google-protobuf/google/protobuf/struct_pb.js";

export { default as service } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
export { provider };

// The generated serializers test with `instanceof`, so messages must come from the google-protobuf that Pulumi itself resolves, which is
// another copy than ours when the versions differ.
const require = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi/proto/provider_pb.js"));
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js") as typeof StructPb;
export const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js") as typeof EmptyPb;
export const { Any } = require("google-protobuf/google/protobuf/any_pb.js") as typeof AnyPb;

export type Struct = StructPb.Struct;

/** JSON as it stands in a protobuf Struct, where Pulumi marks secrets, unknowns and the like by signatures. */
export type WireValue = null | boolean | number | string | WireValue[] | WireMap;
export interface WireMap {
  [name: string]: WireValue;
}

export function toStruct(map: WireMap): Struct {
  return Struct.fromJavaScript(map);
}

export function fromStruct(struct: Struct | undefined): WireMap {
  return (struct?.toJavaScript() ?? {}) as WireMap;
}
