import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  type MessageInitShape,
  ScalarType,
} from "@bufbuild/protobuf";
import fc from "fast-check";

const MAX_DEPTH = 5;

const text = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "checkout",
    "*",
    "-",
    "default",
    "10.0.0.1",
    "/",
    "instance.id == 'a'",
    "__proto__",
    "version",
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("x".repeat(129), "é".repeat(1_025), "x".repeat(5_000)),
);
const integer = fc.constantFrom(0, 1, 2, 3, 5, 16, 17, 80, 1_000, 65_535, 65_536, 4_294_967_295);
const signed = fc.oneof(
  integer.filter((value) => value <= 65_536),
  fc.constantFrom(-1, -2_147_483_648, 2_147_483_647),
);
const big = fc.constantFrom(0n, 1n, 30n, -1n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n);
const double = fc.constantFrom(0, 1, 2.5, -1, Number.NaN, Number.POSITIVE_INFINITY);

/** Any message of that type that the wire can carry: sensible and senseless values, and parts that are missing. */
export function anyMessage(desc: DescMessage): fc.Arbitrary<Message> {
  return initOf(desc, 0).map((init) => create(desc, init as MessageInitShape<DescMessage>));
}

function initOf(desc: DescMessage, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const plain = desc.fields.filter((field) => field.oneof === undefined);
  const entries = plain.map((field) => [field.localName, anyOf(field, depth)] as const);
  const oneofs = desc.oneofs.map((oneof) => {
    const members = oneof.fields.map((field) => anyOf(field, depth).map((value) => ({ case: field.localName, value })));
    return [oneof.localName, fc.oneof(fc.constant({ case: undefined }), ...members)] as const;
  });
  return fc.record(Object.fromEntries([...entries, ...oneofs]), { requiredKeys: [] });
}

function anyOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  switch (field.fieldKind) {
    case "list":
      return fc.array(singleOf(field, depth), { maxLength: 3 });
    case "map": {
      const key =
        field.mapKey === ScalarType.STRING ? text.filter((value) => value !== "__proto__") : integer.map(String);
      return fc.dictionary(key, singleOf(field, depth), { maxKeys: 3, noNullPrototype: true });
    }
    default:
      return singleOf(field, depth);
  }
}

function singleOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.message) return depth >= MAX_DEPTH ? fc.constant({}) : initOf(field.message, depth + 1);
  if (field.enum) return fc.constantFrom(0, 1, 2, 9, 99, -1);
  switch (field.scalar) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 4 });
    case ScalarType.DOUBLE:
      return double;
    case ScalarType.INT32:
      return signed;
    case ScalarType.UINT64:
      return big.filter((value) => value >= 0n);
    case ScalarType.INT64:
      return big;
    default:
      return integer;
  }
}
