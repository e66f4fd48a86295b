import type { Access, Call } from "../cloud.ts";
import { request } from "../http.ts";
import { endpointOf, errorIn, invalidAnswer, meaningOf, scopesOf, signed } from "./http.ts";
import { HOME_REGION } from "./regions.ts";
import type { AwsAccountOptions } from "./schemas.ts";
import { isElement, parseXml, type XmlElement } from "./xml.ts";

const ACTION = "GetCallerIdentity";
const FORM = { Action: ACTION, Version: "2011-06-15" };

/**
 * Whose key it is: every key may ask that, and nothing else tells what one may do but trying it.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export async function readAccess(call: Call): Promise<Access> {
  const { account } = call;
  const { homeRegion: region = HOME_REGION }: AwsAccountOptions = account.spec.options;
  const body = new URLSearchParams(FORM).toString();
  const answer = await request<XmlElement>(
    { ...call, account: { ...account, endpoint: endpointOf(account, "sts", region) } },
    {
      cloud: "aws",
      method: "POST",
      path: "/",
      form: FORM,
      idempotent: true,
      scopes: scopesOf(ACTION, region),
      headers: () => {
        const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
        const message = { method: "POST", path: "/", headers, body };
        return { accept: "application/xml", ...signed(account, { service: "sts", region }, message) };
      },
      parse: (text) => parseXml(text, ACTION),
      errorOf: (_status, error) => errorIn(error).words,
      meaning: (_status, error) => meaningOf(errorIn(error).code),
    },
  );
  const result = answer.body.GetCallerIdentityResult;
  if (!isElement(result) || typeof result.Arn !== "string") throw invalidAnswer(call, ACTION, "it names nobody");
  return { identity: result.Arn, may: ["sign requests; what its policies allow is not told"] };
}
