import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { Creation, GatewayProfile, GatewayRequest } from "../gateway-profile.ts";
import { isKeyPair, isSecurityGroup, type KeyPair, type SecurityGroup } from "./answers.ts";
import { ec2, ec2List, endpointOf, filters, meaningOf, scopesOf, signed } from "./http.ts";
import { markedInstances } from "./instances.ts";
import { MARK_TAG, serverId } from "./names.ts";
import { HOME_REGION } from "./regions.ts";
import type { AwsAccountOptions } from "./schemas.ts";
import { isElement, parseXml } from "./xml.ts";

/**
 * What the official plugin sends to make something, and where its owner mark stands. The run's token is the plugin's access key id, so that it stands in
 * the signature's scope; what is forwarded is signed anew, for the region and service that the plugin meant.
 */
export const gateway: GatewayProfile = {
  environment: (gatewayUrl, token, account) => {
    const { homeRegion = HOME_REGION }: AwsAccountOptions = account.spec.options;
    return {
      AWS_ENDPOINT_URL_EC2: gatewayUrl,
      // The plugin asks who it is before anything else.
      AWS_ENDPOINT_URL_STS: gatewayUrl,
      AWS_ACCESS_KEY_ID: token,
      AWS_SECRET_ACCESS_KEY: token,
      AWS_REGION: homeRegion,
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_SKIP_CREDENTIALS_VALIDATION: "true",
      // A profile of the machine's user must not take part.
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    };
  },
  tokenOf: (headers) => /\bCredential=([^/\s,]+)\//.exec(headers.authorization ?? "")?.[1],
  authorize(account, request) {
    const scope = scopeOf(request);
    const { method, target, body } = request;
    const type = { "content-type": String(request.headers["content-type"] ?? "") };
    return signed(account, scope, { method, path: target, headers: type, body });
  },
  upstream: (account, request) => {
    const { service, region } = scopeOf(request);
    return endpointOf(account, service, region);
  },
  scopes(_method, _path, request) {
    const { service, region } = scopeOf(request);
    return service === "ec2" ? scopesOf(fieldsOf(request).get("Action") ?? "", region) : [];
  },
  creation(method, _path, body, request) {
    if (method !== "POST" || typeof body !== "object" || body === null) return undefined;
    const fields = body as Record<string, string>;
    const mark = markOf(fields);
    const { service, region } = scopeOf(request);
    if (!mark || service !== "ec2") return undefined;
    switch (fields.Action) {
      case "RunInstances":
        return instance(region, mark);
      case "CreateSecurityGroup":
        return group(region, mark);
      case "ImportKeyPair":
        return keyPair(region, mark);
      default:
        return undefined;
    }
  },
  problem: (_status, code, message) => ({
    contentType: "text/xml;charset=UTF-8",
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${escaped(code)}</Code><Message>${escaped(message)}</Message></Error></Errors><RequestID>fleetwright-gateway</RequestID></Response>`,
  }),
  madeNothing: (_status, body) => {
    const code = /<Code>([\w.]+)<\/Code>/.exec(body)?.[1];
    return ["CLOUD_OUT_OF_STOCK", "CLOUD_RATE_LIMITED"].includes(meaningOf(code) ?? "");
  },
};

/** `Credential=KEY/20260102/eu-west-1/ec2/aws4_request`. Services other than these two are none of a run's. */
function scopeOf({ headers }: GatewayRequest): { service: "ec2" | "sts"; region: string } {
  const scope = /\bCredential=[^/\s,]+\/\d{8}\/([a-z0-9-]+)\/([a-z0-9-]+)\//.exec(String(headers.authorization ?? ""));
  const [, region, service] = scope ?? [];
  if (region === undefined || (service !== "ec2" && service !== "sts"))
    throw new FleetError("CLOUD_UNSUPPORTED", "the gateway passes on requests to EC2 and STS only", { cloud: "aws" });
  return { service, region };
}

function fieldsOf({ body }: GatewayRequest): URLSearchParams {
  return new URLSearchParams(body.toString("utf8"));
}

/** The value of our tag among those that the request gives to what it makes. */
function markOf(fields: Readonly<Record<string, string>>): string | undefined {
  const key = Object.keys(fields).find(
    (name) => /^TagSpecification\.\d+\.Tag\.\d+\.Key$/.test(name) && fields[name] === MARK_TAG,
  );
  return key && fields[key.replace(/Key$/, "Value")];
}

function instance(region: string, mark: string): Creation {
  return {
    kind: "Server",
    key: mark,
    idOf: (answer) => {
      const [first] = parsed(answer, "RunInstances").instancesSet as { instanceId: string }[];
      return serverId(region, first!.instanceId);
    },
    find: async (call) => {
      const [item] = await markedInstances(call, region, mark);
      if (!item) return undefined;
      const { instanceId, instanceType = "", imageId = "", instanceState } = item;
      const state = `<instanceState><name>${escaped(instanceState.name)}</name></instanceState>`;
      const members = `${element("instanceId", instanceId)}${element("imageId", imageId)}${state}${element("instanceType", instanceType)}`;
      const body = `${element("reservationId", "r-00000000")}<instancesSet><item>${members}</item></instancesSet>`;
      return answer("RunInstances", body, serverId(region, instanceId));
    },
  };
}

function group(region: string, mark: string): Creation {
  return {
    kind: "Firewall",
    key: mark,
    idOf: (answer) => textOf(parsed(answer, "CreateSecurityGroup").groupId),
    find: async (call) => {
      const found = await ec2List(call, region, "DescribeSecurityGroups", {
        list: "securityGroupInfo",
        isItem: isSecurityGroup,
        parameters: filters({ [`tag:${MARK_TAG}`]: [mark] }),
      });
      const [item] = found.filter(({ tagSet }) => hasMark(tagSet, mark));
      if (!item || (!isFresh(item) && (await removed(call, region, item)))) return undefined;
      return answer("CreateSecurityGroup", element("groupId", item.groupId), item.groupId);
    },
  };
}

/** As EC2 makes a group: it lets everything out and nothing in. */
function isFresh({ ipPermissions, ipPermissionsEgress }: SecurityGroup): boolean {
  return ipPermissions.length === 0 && ipPermissionsEgress.some(({ ipProtocol }) => ipProtocol === "-1");
}

/**
 * The plugin goes on from a create by taking out the rule that a fresh group has, and fails where that has been done. So a group whose making was
 * cut off later makes room for another, unless a machine is in it already: EC2 itself refuses that.
 */
async function removed(call: Call, region: string, { groupId }: SecurityGroup): Promise<boolean> {
  try {
    await ec2(call, region, "DeleteSecurityGroup", { GroupId: groupId }, { idempotent: true });
    return true;
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    if (error.code === "NOT_FOUND") return true;
    if (error.code === "CLOUD_REFUSED") return false;
    throw error;
  }
}

function keyPair(region: string, mark: string): Creation {
  return {
    kind: "SshKey",
    key: mark,
    idOf: (answer) => textOf(parsed(answer, "ImportKeyPair").keyName),
    find: async (call) => {
      const found = await ec2List<KeyPair>(call, region, "DescribeKeyPairs", {
        list: "keySet",
        isItem: isKeyPair,
        parameters: filters({ [`tag:${MARK_TAG}`]: [mark] }),
      });
      const [item] = found.filter(({ tagSet }) => hasMark(tagSet, mark));
      if (!item) return undefined;
      const { keyName, keyPairId, keyFingerprint = "" } = item;
      const members = `${element("keyName", keyName)}${element("keyFingerprint", keyFingerprint)}${element("keyPairId", keyPairId)}`;
      return answer("ImportKeyPair", members, keyName);
    },
  };
}

const hasMark = (tags: { key: string; value: string }[] | undefined, mark: string): boolean =>
  tags?.some(({ key, value }) => key === MARK_TAG && value === mark) ?? false;

function answer(action: string, members: string, id: string) {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>fleetwright-gateway</requestId>${members}</${action}Response>`;
  return { status: 200, body, id, contentType: "text/xml;charset=UTF-8" };
}

/** @throws for an answer that is no success of this action: then it names nothing. */
function parsed(text: unknown, action: string) {
  const root = parseXml(String(text), action);
  if (!isElement(root) || root.Errors !== undefined) throw new SyntaxError(`no answer to ${action}`);
  return root;
}

function textOf(value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new SyntaxError("the answer names nothing");
}

const element = (name: string, text: string): string => `<${name}>${escaped(text)}</${name}>`;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
