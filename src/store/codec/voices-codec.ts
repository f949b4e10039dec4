import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Finding, Hold, Order, Voices } from "../../model/index.js";
import { HEALTH_CODES, healthOf } from "./codes.js";
import {
  type Mutable,
  readEnd,
  readFields,
  readNumber,
  writeInt64,
  writeMessage,
  writeString,
  writeUint,
} from "./wire.js";

const PROBED = 19;
const OBSERVED = 20;
const ORDERED = 21;
const HELD = 22;

/** Fields of store.proto's Instance that hold a Voice. */
export const VOICE_FIELDS: ReadonlySet<number> = new Set([PROBED, OBSERVED, ORDERED, HELD]);

/** A Voice with all that one of them may have. */
interface Voice extends Finding {
  readonly actor?: string;
  readonly untilMs?: number;
  readonly times?: number;
}

/** Writes the voices of an Instance. */
export function writeVoices(to: BinaryWriter, { probed, observed, ordered, held }: Voices): void {
  writeVoice(to, PROBED, probed);
  writeVoice(to, OBSERVED, observed);
  writeVoice(to, ORDERED, ordered);
  writeVoice(to, HELD, held);
}

/** Reads one voice of an Instance, whose tag was read. */
export function readVoice(from: BinaryReader, field: number): Voices {
  const { health, reason, actor = "", untilMs, times = 1 } = readFinding(from);
  if (field === PROBED) return { probed: { health, reason } };
  if (field === OBSERVED) return { observed: { health, reason } };
  if (field === HELD) return { held: { health, reason, untilMs: untilMs ?? 0, times } satisfies Hold };
  const ordered: Order = { health, reason, actor, ...(untilMs !== undefined && { untilMs }) };
  return { ordered };
}

function writeVoice(to: BinaryWriter, field: number, voice: Voice | undefined): void {
  if (!voice) return;
  writeMessage(to, field, () => {
    writeUint(to, 1, HEALTH_CODES[voice.health]);
    writeString(to, 2, voice.reason);
    writeString(to, 3, voice.actor ?? "");
    writeInt64(to, 4, voice.untilMs ?? 0);
    writeUint(to, 5, voice.times ?? 0);
  });
}

function readFinding(from: BinaryReader): Voice {
  const voice: Mutable<Voice> = { health: "serving", reason: "" };
  readFields(from, readEnd(from), (field) => {
    if (field === 1) voice.health = healthOf(from.uint32());
    else if (field === 2) voice.reason = from.string();
    else if (field === 3) voice.actor = from.string();
    else if (field === 4) voice.untilMs = readNumber(from);
    else if (field === 5) voice.times = from.uint32();
    else return false;
    return true;
  });
  return voice;
}
