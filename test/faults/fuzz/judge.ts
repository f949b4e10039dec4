import { createRegistry, type DescMessage, type DescMethod, type Message, toJson } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../../gen/google/rpc/error_details_pb.js";
import { type Failure, SessionResponseSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { failureError } from "../../../src/cli/errors.js";
import { codeName } from "../../../src/rpc/metrics.js";
import { RESOURCE_FILES } from "../../../src/xds/index.js";
import { DOCUMENTED } from "../../support/documented.js";
import { mayStreamForEver, type Outcome, ranOut } from "./call.js";
import { isFieldPath } from "./field-paths.js";
import { LIBRARY_SERVICES, pathOf } from "./methods.js";

/** What may stand in an `Any` of an answer. */
const RESOURCES = createRegistry(...RESOURCE_FILES);

/** Detail -> its schema. */
const DETAILS: Readonly<Record<string, DescMessage>> = {
  BadRequest: BadRequestSchema,
  ResourceInfo: ResourceInfoSchema,
  RetryInfo: RetryInfoSchema,
};

/** What only the inside of the program says. */
const INSIDE = [
  /node_modules|node:\w|file:\/\//,
  /\bat \S+ \(|\.[cm]?[jt]s:\d/,
  /\b[A-Z]\w*Error\b|\[object |undefined|Cannot read|is not a function/,
  /leveldb|LEVEL_|zod|grpc-js|protobuf-es|peggy/i,
  /\/(tmp|home|work|usr|root|var)\//,
];

/** True for a text that no client should read. */
export function tellsOfTheInside(text: string): boolean {
  return INSIDE.some((pattern) => pattern.test(text));
}

/** What is wrong with an answer, one line each; empty when it is as promised. */
export function faultsOf(method: DescMethod, outcome: Outcome): readonly string[] {
  const { error, responses } = outcome;
  const faults = responses.flatMap((response) => responseFaults(method, response));
  if (error && !ranOut(method, outcome)) faults.push(...errorFaults(method, error));
  return faults.map((fault) => `${pathOf(method)}: ${fault}`);
}

function responseFaults(method: DescMethod, response: Message): string[] {
  const faults = jsonFaults(method.output, response);
  if (method.output.typeName !== SessionResponseSchema.typeName) return faults;
  const answer = response as Message & { readonly response: { readonly case?: string; readonly value?: unknown } };
  if (answer.response.case !== "failed") return faults;
  return [...faults, ...errorFaults(method, failureError(answer.response.value as Failure))];
}

/** An answer that JSON cannot say would fail on the HTTP port. */
function jsonFaults(desc: DescMessage, response: Message): string[] {
  // A Failure's details are of types that a registry would have to know.
  if (desc.typeName === SessionResponseSchema.typeName) return [];
  try {
    toJson(desc, response, { registry: RESOURCES });
    return [];
  } catch (error) {
    return [`its answer is none in JSON: ${String(error)}`];
  }
}

/** What is wrong with an error. */
export function errorFaults(method: DescMethod, error: ConnectError): string[] {
  const [info] = error.findDetails(ErrorInfoSchema);
  const said = `${codeName(error.code)} ${info?.reason ?? "without ErrorInfo"}: ${error.rawMessage}`;
  if (LIBRARY_SERVICES.includes(method.parent)) {
    return info?.reason === codeName(error.code) ? [] : [`wrong reason: ${said}`];
  }
  const promised = DOCUMENTED.get(info?.reason ?? "");
  if (!info || !promised || info.domain !== "portolan") return [`no documented reason: ${said}`];
  const faults: string[] = [];
  if (info.reason === "INTERNAL") faults.push(`an incident ${info.metadata.incident}: ${said}`);
  if (info.reason === "DEADLINE_EXCEEDED" && !mayStreamForEver(method)) faults.push(`it hangs: ${said}`);
  if (promised.code !== codeName(error.code)) faults.push(`not the code of its reason: ${said}`);
  for (const name of promised.details) {
    const schema = DETAILS[name];
    if (!schema || error.findDetails(schema).length !== 1) faults.push(`no ${name}: ${said}`);
  }
  if (tellsOfTheInside(error.rawMessage)) faults.push(`it tells of the inside: ${said}`);
  return [...faults, ...violationFaults(method.input, error)];
}

function violationFaults(desc: DescMessage, error: ConnectError): string[] {
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  if (error.findDetails(BadRequestSchema).length > 0 && violations.length === 0) return ["BadRequest names nothing"];
  return violations.flatMap(({ field, description }, index) => {
    const countsTheRest = index > 0 && field === "" && /^[0-9]+ more faults?$/.test(description);
    if (!countsTheRest && !isFieldPath(desc, field)) return [`"${field}" is no field of ${desc.typeName}`];
    if (description.trim() === "" || tellsOfTheInside(description)) return [`"${field}" is told as "${description}"`];
    return [];
  });
}

/** True for an error that says: you asked wrongly, and nothing was done. */
export function isRefusal(error: ConnectError | undefined): boolean {
  return error !== undefined && error.code !== Code.DeadlineExceeded && error.code !== Code.Canceled;
}
