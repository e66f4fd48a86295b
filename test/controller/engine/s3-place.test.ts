import { describe, expect, it } from "vitest";
import { s3Place } from "../../../controller/engine/s3-place.ts";

const AWS = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: "eu-west-1" };

describe("s3://", () => {
  it.each([
    { url: "s3://b", endpoint: "https://b.s3.eu-west-1.amazonaws.com", root: "" },
    {
      url: "s3://b/fleets/one?region=cn-north-1",
      endpoint: "https://b.s3.cn-north-1.amazonaws.com.cn",
      root: "fleets/one/",
    },
    { url: "s3://b.c", endpoint: "https://s3.eu-west-1.amazonaws.com/b.c", root: "" },
    { url: "s3://b?endpoint=http://127.0.0.1:9000", endpoint: "http://127.0.0.1:9000/b", root: "" },
    { url: "s3://b?endpoint=minio:9000/", endpoint: "https://minio:9000/b", root: "" },
    { url: "s3://b?endpoint=https://s3.example&use_path_style=false", endpoint: "https://b.s3.example", root: "" },
  ])("$url is at $endpoint", ({ url, endpoint, root }) => {
    expect(s3Place(url, AWS)).toMatchObject({ endpoint, root, bucket: url.includes("b.c") ? "b.c" : "b" });
  });

  it("reaches the engine with its region and a profile of its own, and its credentials in a file alone", () => {
    const { engineUrl, profileFile } = s3Place("s3://b/f?endpoint=minio:9000&s3ForcePathStyle=true", {
      ...AWS,
      AWS_SESSION_TOKEN: "token",
    });

    expect(Object.fromEntries(new URL(engineUrl).searchParams)).toEqual({
      endpoint: "https://minio:9000",
      use_path_style: "true",
      region: "eu-west-1",
      profile: "fleetwright-state",
    });
    expect(engineUrl).not.toContain("secret");
    expect(profileFile).toBe(
      "[fleetwright-state]\naws_access_key_id = AKIA\naws_secret_access_key = secret\naws_session_token = token\n",
    );
  });

  it("writes encrypted as the URL says", () => {
    expect(s3Place("s3://b?ssetype=aws:kms&kmskeyid=k", AWS).headers).toEqual({
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "k",
    });
  });

  it.each([
    { url: "s3://b", environment: { ...AWS, AWS_REGION: undefined }, says: "AWS_REGION" },
    { url: "s3://b", environment: { AWS_REGION: "eu-west-1" }, says: "AWS_ACCESS_KEY_ID" },
    { url: "s3://b?profile=mine", environment: AWS, says: "profile" },
    { url: "s3:///f", environment: AWS, says: "names no bucket" },
    { url: "s3://b?endpoint=ftp://host", environment: AWS, says: "http:// or https://" },
  ])("$url is refused where something is missing: $says", ({ url, environment, says }) => {
    expect(() => s3Place(url, environment)).toThrow(says);
  });
});
