import type { XmlElement } from "../../resources/aws/xml.ts";
import { askMoto } from "./client.ts";

const RANGE = /^((IpPermissions\.\d+)\.(?:IpRanges|Ipv6Ranges)\.\d+)\.Cidr\w+$/;

/**
 * moto passes over IPv6 blocks when it revokes outbound rules in a VPC without IPv6, though it takes such rules. So a revocation that has some is
 * split, one block each, and those of IPv6 are revoked by the rule's id. Any other request stays as it is.
 */
export async function revocations(
  moto: string,
  region: string,
  action: string,
  fields: URLSearchParams,
): Promise<URLSearchParams[]> {
  const names = action === "RevokeSecurityGroupEgress" ? [...fields.keys()] : [];
  const ranges = names.map((name) => RANGE.exec(name)).filter((match) => match !== null);
  if (!ranges.some(([name]) => name.endsWith(".CidrIpv6"))) return [fields];
  const parts = ranges.map(([name, range, permission]) => {
    const shared = ["IpProtocol", "FromPort", "ToPort"].map((field) => `${permission}.${field}`);
    const belongs = (field: string) =>
      !field.startsWith("IpPermissions.") || field.startsWith(`${range}.`) || shared.includes(field);
    const part = new URLSearchParams([...fields].filter(([field]) => belongs(field)));
    return name.endsWith(".CidrIpv6") ? byId(moto, region, part, permission!, fields.get(name) ?? "") : part;
  });
  return Promise.all(parts);
}

async function byId(
  moto: string,
  region: string,
  part: URLSearchParams,
  permission: string,
  block: string,
): Promise<URLSearchParams> {
  const group = part.get("GroupId") ?? "";
  const filter = { "Filter.1.Name": "group-id", "Filter.1.Value.1": group };
  const answer = await askMoto(moto, region, "DescribeSecurityGroupRules", filter);
  const of = (field: string) => part.get(`${permission}.${field}`);
  const isAll = of("IpProtocol") === "-1";
  const rule = (answer.securityGroupRuleSet as XmlElement[]).find(
    (each) =>
      each.isEgress === "true" &&
      each.cidrIpv6 === block &&
      each.ipProtocol === of("IpProtocol") &&
      (isAll || (each.fromPort === of("FromPort") && each.toPort === of("ToPort"))),
  );
  // One that is not there has an id that is not there.
  const id = typeof rule?.securityGroupRuleId === "string" ? rule.securityGroupRuleId : "sgr-00000000000000000";
  const kept = [...part].filter(([field]) => !field.startsWith("IpPermissions."));
  return new URLSearchParams([...kept, ["SecurityGroupRuleId.1", id]]);
}
