// Enums of the wire as people see them: STATE_ALIVE is ALIVE.
const short = (prefix) => (name) => {
  const word = String(name ?? '').replace(prefix, '');
  return word === 'UNSPECIFIED' ? '' : word;
};
export const stateWord = short(/^STATE_/);
export const healthWord = short(/^HEALTH_/);
export const causeWord = short(/^CAUSE_/);
export const incidentWord = short(/^INCIDENT_KIND_/);
export const streamEndWord = short(/^STREAM_END_/);

// The sentence beside a cause where the server gives none.
export const CAUSE_SENTENCES = {
  PROCESS_EXITED: 'its kernel closed the connection, or it said that it was failing',
  STREAM_CLOSED: 'the stream ended without goodbye while its connection lives on',
  PROCESS_STOPPED: 'its kernel acknowledges, but it answers nothing: stopped or starved',
  HOST_UNREACHABLE: 'nothing acknowledges any more: cable, power or network',
  APPLICATION_STALLED: "the transport answers while the application's progress stands still",
  SAID_GOODBYE: 'it said goodbye',
  EVICTED: 'an operator evicted it',
  SUPERSEDED: 'a newer session took over its id',
  SERVER_LOST: 'its server went away or restarted',
  NOT_RETURNED: 'known before its server restarted, and never seen since',
  UNKNOWN: 'the evidence at hand does not tell',
  REVOKED: 'what let it in was revoked: its certificate, its token or a rule',
};

// What befell the server and says something of its verdicts: it could not hear, or could not keep.
export const OWN_FAULTS = new Set(['UNCLEAN_END', 'STALL', 'MACHINE_SLEPT', 'CANARY_DOUBT', 'SELF_DOUBT',
  'STORE_OUTAGE', 'LEASE_LOST', 'NOT_ACCEPTING']);

// Whether a transition is a fall.
export const isFall = (transition) => {
  const to = stateWord(transition.to_state);
  return (to === 'SUSPECT' || to === 'DEAD') && transition.from_state !== transition.to_state;
};

// The worst first.
export function worst(counts) {
  if (Number(counts?.dead)) return 'DEAD';
  if (Number(counts?.suspect)) return 'SUSPECT';
  if (Number(counts?.stalled)) return 'STALLED';
  return Number(counts?.alive) ? 'ALIVE' : 'NONE';
}
