/** An error as EC2 answers it. @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
export function errorAnswer(status: number, code: string, message: string): Response {
  const text = message.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${code}</Code><Message>${text}</Message></Error></Errors><RequestID>simulated</RequestID></Response>`;
  return new Response(body, { status, headers: { "content-type": "text/xml;charset=UTF-8" } });
}

const CODES: Readonly<Record<number, string>> = {
  401: "AuthFailure",
  403: "UnauthorizedOperation",
  429: "Throttling",
  500: "InternalError",
  503: "Unavailable",
};

export function codeOf(status: number): string {
  return CODES[status] ?? "InvalidParameterValue";
}
