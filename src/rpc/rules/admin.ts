import * as z from "zod";
import {
  BackupRequestSchema,
  CompactRequestSchema,
  GetInfoRequestSchema,
  ListXdsClientsRequestSchema,
  ListXdsResourcesRequestSchema,
} from "../../../gen/portolan/admin/v1/admin_pb.js";
import { rulesFor } from "./message-rules.js";
import { pageSize, pageToken, revision } from "./values.js";

const MAX_NODE_ID = 256;
const NODE_ID = `must be 1 to ${MAX_NODE_ID} characters`;
const nodeId = z.string().max(MAX_NODE_ID, `must be at most ${MAX_NODE_ID} characters`);

/** Requests of AdminService. */
export const adminRules = [
  rulesFor(GetInfoRequestSchema, {}),
  rulesFor(BackupRequestSchema, {}),
  rulesFor(CompactRequestSchema, { revision }),
  rulesFor(ListXdsClientsRequestSchema, { node: nodeId, pageSize, pageToken }),
  rulesFor(ListXdsResourcesRequestSchema, { node: nodeId.min(1, NODE_ID), pageSize, pageToken }),
];
