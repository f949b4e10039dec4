import type * as z from "zod";
import type { FilterKind, Filters } from "../filter/index.js";
import { custom } from "./message-rules.js";

/** A CEL expression over what `kind` names, or empty. Its first fault is told with its position. */
export function filter(filters: Filters, kind: FilterKind): z.ZodType {
  return custom<string>((text, report) => {
    const fault = filters.faultOf(kind, text);
    if (fault !== undefined) report([], fault);
  });
}
