import type { ChangeSet } from "../../../src/model/index.js";

/** A change set in which every field of a record occurs. */
export const GOLDEN: ChangeSet = {
  revision: 300n,
  committedAtMs: 1_700_000_000_000,
  actor: "session:1",
  cause: "register",
  changes: [
    {
      key: "service/default/pay",
      after: {
        kind: "service",
        value: {
          namespace: "default",
          name: "pay",
          description: "takes money",
          owner: "team-pay",
          labels: { tier: "1" },
          grpcServices: ["pay.v1.PayService"],
          createRevision: 300n,
          modRevision: 300n,
        },
      },
    },
    {
      key: "instance/default/pay/a",
      before: {
        kind: "instance",
        value: {
          namespace: "default",
          service: "pay",
          id: "a",
          endpoints: [{ name: "http", host: "pay.example", port: 80, protocol: "http", tls: false }],
          version: "",
          labels: {},
          reportedHealth: "starting",
          health: "not-serving",
          healthReason: "3 probes failed",
          holder: { kind: "lease", ttlMs: 30_000 },
          registeredAtMs: 1_600_000_000_000,
          createRevision: 7n,
          modRevision: 8n,
          healthCheck: {
            probe: { kind: "http", path: "/healthz", expectedStatuses: [200, 204] },
            endpointName: "http",
            intervalMs: 10_000,
            timeoutMs: 1_000,
            unhealthyThreshold: 3,
            healthyThreshold: 2,
          },
        },
      },
      after: {
        kind: "instance",
        value: {
          namespace: "default",
          service: "pay",
          id: "a",
          endpoints: [{ name: "grpc", host: "10.0.0.5", port: 8443, protocol: "grpc", tls: true }],
          locality: { region: "eu", zone: "eu-1", subZone: "r7" },
          weight: 0,
          version: "1.2.3",
          labels: { team: "pay" },
          reportedHealth: "serving",
          health: "draining",
          healthReason: "",
          holder: { kind: "session", sessionId: "s1" },
          drainMs: 5_000,
          registeredAtMs: 1_700_000_000_000,
          createRevision: 7n,
          modRevision: 300n,
        },
      },
    },
  ],
};

/** The log record that format 1 makes of it, in base64. */
export const GOLDEN_RECORD_OF_FORMAT_1 = [
  "EIDQlf+8MQqFAwisAhCA0JX/vDEaCXNlc3Npb246MSIIcmVnaXN0ZXIqYgoTc2VydmljZS9kZWZhdWx0L3BheRpLCkkKB2RlZmF1bHQSA3BheRoL",
  "dGFrZXMgbW9uZXkiCHRlYW0tcGF5KgkKBHRpZXISATEyEXBheS52MS5QYXlTZXJ2aWNlOKwCQKwCKv8BChZpbnN0YW5jZS9kZWZhdWx0L3BheS9h",
  "EncSdQoHZGVmYXVsdBIDcGF5GgFhIhcKBGh0dHASC3BheS5leGFtcGxlGFAgAkgDUiISEAoIL2hlYWx0aHoSBMgBzAEiBGh0dHAokE4w6Ac4A0AC",
  "WAViDzMgcHJvYmVzIGZhaWxlZHCw6gGAAYCAurvILogBB5ABCBpsEmoKB2RlZmF1bHQSA3BheRoBYSIXCgRncnBjEggxMC4wLjAuNRj7QSABKAEq",
  "DgoCZXUSBGV1LTEaAnI3MAA6BTEuMi4zQgsKBHRlYW0SA3BheUgBWARqAnMxeIgngAGA0JX/vDGIAQeQAawC",
].join("");
