import {
  BackupRequestSchema,
  CompactRequestSchema,
  GetInfoRequestSchema,
} from "../../../gen/portolan/admin/v1/admin_pb.js";
import { rulesFor } from "./message-rules.js";
import { revision } from "./values.js";

/** Requests of AdminService. */
export const adminRules = [
  rulesFor(GetInfoRequestSchema, {}),
  rulesFor(BackupRequestSchema, {}),
  rulesFor(CompactRequestSchema, { revision }),
];
