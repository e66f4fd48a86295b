import { memoryPeer } from "./peers.ts";
import { describeCloud } from "./suite.ts";

describeCloud("memory", memoryPeer, { "read again after a passing fault": "calls to a Map do not travel" });
