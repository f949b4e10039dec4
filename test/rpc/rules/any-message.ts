import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  type MessageInitShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";

const MAX_DEPTH = 5;

/** What means something somewhere: names, hosts, patterns, paths of masks and of reflection. */
const meaningful = fc.constantFrom(
  ...[
    "",
    "a",
    "checkout",
    "*",
    "-",
    "default",
    "a-1",
    "a-",
    "-a",
    "1a",
    "A",
    "a.b",
    "é",
    "a\0",
    "\u202eb",
    "a/b",
    "a:1",
    "../..",
  ],
  ...["10.0.0.1", "10.0.0.256", "::1", "[::1]", "fe80::1%lo", "_x.example.", "a..b", "/", "/healthz?x=%00", "grpc"],
  ...["instance.id == 'a'", "service.name != ''", "log.body.contains('a')", "instance.labels.x", "true", "("],
  ...["__proto__", "constructor", "toString", "version", "labels", "reported_health", "instance.", "0".repeat(32)],
  ...["portolan.registry.v1.RegistryService", "acme.Checkout"],
);
/** Lengths on either side of the limits that rules have. */
const long = fc
  .tuple(fc.constantFrom("x", "é", "😀", "a-"), fc.constantFrom(63, 64, 65, 128, 129, 253, 254, 257, 513, 1_025, 5_000))
  .map(([unit, length]) => unit.repeat(length).slice(0, length));
const text = fc.oneof(
  { arbitrary: meaningful, weight: 5 },
  { arbitrary: fc.string({ unit: "binary", maxLength: 12 }), weight: 3 },
  { arbitrary: long.filter((value) => !/[\uD800-\uDBFF]$/.test(value)), weight: 1 },
);
const integer = fc.constantFrom(
  0,
  1,
  2,
  3,
  5,
  16,
  17,
  80,
  100,
  101,
  1_000,
  1_001,
  10_001,
  65_535,
  65_536,
  4_294_967_295,
);
const signed = fc.oneof(
  integer.filter((value) => value <= 65_536),
  fc.constantFrom(-1, -2_147_483_648, 2_147_483_647, 999_999_999, 1_000_000_000),
);
const big = fc.constantFrom(
  ...[0n, 1n, 30n, 3_601n, 86_400n, 86_401n, 1_700_000_000n, 253_402_300_799n, 315_576_000_001n, 2n ** 53n + 1n],
  ...[-1n, -62_135_596_801n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n],
);
const double = fc.constantFrom(0, -0, 1, 2.5, -1, 5e-324, Number.MAX_VALUE, Number.NaN, Number.POSITIVE_INFINITY);

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

/** Any value of one field, as a message's initializer takes it. */
export function anyOf(field: DescField, depth = 0): fc.Arbitrary<unknown> {
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

/** The value that a wrapper's message stands for, where it is a plain value in TypeScript. */
function wrappedBy(field: DescField): DescField | undefined {
  const { message } = field;
  return field.fieldKind === "message" && !field.oneof && message && isWrapperDesc(message)
    ? message.fields[0]
    : undefined;
}

function isJson(field: DescField): boolean {
  return field.message?.typeName === "google.protobuf.Struct" && field.parent.typeName !== "google.protobuf.Value";
}

/** True for a field whose value is no message in TypeScript, although it is one on the wire. */
export function isPlain(field: DescField): boolean {
  return isJson(field) || wrappedBy(field) !== undefined;
}

const json = fc.dictionary(
  fc.constantFrom("portolan", "listen", "namespace", "inbound", "x"),
  fc.oneof(text, fc.boolean(), fc.dictionary(fc.constantFrom("listen", "namespace", "forward"), text)),
  { maxKeys: 3, noNullPrototype: true },
);

function singleOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (isJson(field)) return json;
  const wrapped = wrappedBy(field);
  if (wrapped) return singleOf(wrapped, depth);
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
