import aws4 from "aws4";
import { parseXml, type XmlElement } from "../../resources/aws/xml.ts";

/** Any: moto asks for none, and takes the region from the signature. */
const CREDENTIALS = { accessKeyId: "control", secretAccessKey: "control" };

/** Asks moto behind the front's back. @throws {Error} with moto's words. */
export async function askMoto(
  moto: string,
  region: string,
  action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<XmlElement> {
  const body = new URLSearchParams({ Action: action, Version: "2016-11-15", ...parameters }).toString();
  const { headers } = aws4.sign(
    { service: "ec2", region, method: "POST", host: new URL(moto).host, path: "/", body },
    CREDENTIALS,
  );
  const response = await fetch(moto, { method: "POST", headers: headers as Record<string, string>, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`moto ${action}: ${response.status} ${text}`);
  return parseXml(text, action);
}
