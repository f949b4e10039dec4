import { create } from "@bufbuild/protobuf";
import {
  HealthSource,
  HealthVoiceSchema,
  type HealthVoice as ProtoVoice,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Finding, Voices } from "../../model/index.js";
import { healthToProto } from "./enums.js";
import { timestampToProto } from "./time.js";

/** Who speaks beside the instance itself, in a fixed order. */
export function voicesToProto({ probed, observed, ordered, held }: Voices): ProtoVoice[] {
  const voices: ProtoVoice[] = [];
  if (probed) voices.push(voiceOf(HealthSource.PROBE, probed));
  if (observed) voices.push(voiceOf(HealthSource.CALLERS, observed));
  if (ordered) voices.push(voiceOf(HealthSource.ORDER, ordered, ordered));
  if (held) voices.push(voiceOf(HealthSource.HOLD, held, held));
  return voices;
}

function voiceOf(
  source: HealthSource,
  { health, reason }: Finding,
  { actor = "", untilMs }: { readonly actor?: string; readonly untilMs?: number } = {},
): ProtoVoice {
  return create(HealthVoiceSchema, {
    source,
    health: healthToProto(health),
    reason,
    actor,
    ...(untilMs !== undefined && { until: timestampToProto(untilMs) }),
  });
}
