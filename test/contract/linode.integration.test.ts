import { linodePeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

describeCloud("linode", linodePeer);
