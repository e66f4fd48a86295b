/** US dollars an hour on demand, with Linux and shared hardware, in the regions that ask the same. */
const HOURLY: Readonly<Record<string, number>> = {
  "t3.nano": 0.0052,
  "t3.micro": 0.0104,
  "t3.small": 0.0208,
  "t3.medium": 0.0416,
  "t3.large": 0.0832,
  "t4g.micro": 0.0084,
  "t4g.small": 0.0168,
  "m7i.large": 0.1008,
  "m7i.xlarge": 0.2016,
  "c7g.medium": 0.0363,
  "c7g.large": 0.0725,
  "g4dn.xlarge": 0.526,
  "m7i.metal-24xl": 4.8384,
};
const REGIONS: readonly string[] = ["us-east-1", "us-east-2", "us-west-2"];
const LARGEST_PAGE = 100;

/** Of every product here. */
const COMMON = {
  operatingSystem: "Linux",
  tenancy: "Shared",
  preInstalledSw: "NA",
  capacitystatus: "Used",
  licenseModel: "No License required",
  marketoption: "OnDemand",
};
const PRODUCTS = REGIONS.flatMap((regionCode) =>
  Object.entries(HOURLY).map(([instanceType, usd]) => ({ attributes: { ...COMMON, regionCode, instanceType }, usd })),
);

interface Asked {
  ServiceCode?: unknown;
  FormatVersion?: unknown;
  Filters?: { Type?: unknown; Field?: unknown; Value?: unknown }[];
  MaxResults?: unknown;
  NextToken?: unknown;
}

/** Answers a request to the AWS Price List. @see https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html */
export function priceListAnswer(target: string | null, body: string): Response {
  if (target !== "AWSPriceListService.GetProducts")
    return refused("UnknownOperationException", `${target ?? "nothing"} is no operation`);
  const { ServiceCode, FormatVersion, Filters = [], MaxResults = LARGEST_PAGE, NextToken }: Asked = JSON.parse(body);
  const most = Number(MaxResults);
  if (ServiceCode !== "AmazonEC2" || FormatVersion !== "aws_v1")
    return refused("InvalidParameterException", "ServiceCode or FormatVersion is not known");
  if (!(most >= 1 && most <= LARGEST_PAGE))
    return refused("InvalidParameterException", "MaxResults must be between 1 and 100");
  const strange = Filters.find(({ Type, Field }) => Type !== "TERM_MATCH" || !isField(Field));
  if (strange !== undefined)
    return refused("InvalidParameterException", `there is no filter by ${String(strange.Field)}`);
  const found = PRODUCTS.filter(({ attributes }) =>
    Filters.every(({ Field, Value }) => attributes[Field as keyof typeof attributes] === Value),
  );
  const from = NextToken === undefined ? 0 : Number(String(NextToken).replace(/^from-/, ""));
  if (!(from >= 0 && from <= found.length))
    return refused("InvalidNextTokenException", "the pagination token is not valid");
  const next = from + most;
  return Response.json({
    FormatVersion: "aws_v1",
    PriceList: found.slice(from, next).map((product, index) => JSON.stringify(productView(product, from + index))),
    ...(next < found.length && { NextToken: `from-${next}` }),
  });
}

const isField = (field: unknown): boolean =>
  typeof field === "string" && [...Object.keys(COMMON), "regionCode", "instanceType"].includes(field);

function productView({ attributes, usd }: (typeof PRODUCTS)[number], index: number) {
  const term = `SKU${index}.JRTCKXETXF`;
  const dimension = { unit: "Hrs", beginRange: "0", endRange: "Inf", pricePerUnit: { USD: usd.toFixed(10) } };
  return {
    product: { productFamily: "Compute Instance", attributes },
    serviceCode: "AmazonEC2",
    terms: { OnDemand: { [term]: { priceDimensions: { [`${term}.6YS6EN2CT7`]: dimension } } } },
  };
}

const refused = (__type: string, message: string): Response => Response.json({ __type, message }, { status: 400 });
