// broken.cjs FILE: manifests that are right are broken in one place after the other; each is to be noticed for what it is.
'use strict';
const fs = require('fs');
const manifests = require('./manifests.cjs');
const rules = require('./rules.cjs');
const schema = require('./schema.cjs');

// What is replaced, by what, and the fault.
const BROKEN = [
  ['readinessProbe:', 'readynessProbe:', `'"readynessProbe"' does not exist in type`],
  ['runAsNonRoot: true', 'runAsNonroot: true', `'"runAsNonroot"' does not exist in type`],
  ['replicas: 1', 'replicas: "1"', 'data/spec/replicas must be integer'],
  ['clusterIP: None', 'clusterIP: 3', 'data/spec/clusterIP must be string'],
  ['apiVersion: policy/v1', 'apiVersion: policy/v7', 'Kubernetes has no policy/v7 PodDisruptionBudget'],
  ['interval: 15s', 'interval: often', 'data/spec/endpoints/0/interval must match pattern'],
  ['path: /livez\n            port: http\n', 'path: /readyz\n            port: http\n',
    'is restarted for not being ready'],
  ['runAsUser: 64700', 'runAsUser: 0', 'to be none of root'],
  ['allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true', 'may gain rights'],
  ['terminationGracePeriodSeconds: 30', 'terminationGracePeriodSeconds: 5', 'is killed while it drains'],
  ['memory: 640Mi', 'memory: 320Mi', 'takes more connections than it has memory for'],
  ['scheme: HTTPS', 'scheme: HTTP', 'livenessProbe does not speak TLS'],
  ['scheme: https', 'scheme: http', 'comes without TLS'],
  ['    data-dir = ', '    insecure-anonymous = "beat"\n    data-dir = ', 'lets strangers in'],
  ['    tls-ca = ', '    #tls-ca = ', 'tls-ca is no file of a volume'],
  ['mountPath: /etc/liveness/access', 'mountPath: /etc/elsewhere', 'tls-cert is no file of a volume'],
  ["- '*.livenessd-servers.liveness'", '- elsewhere', 'does not name *.livenessd-servers.liveness'],
  ['secretName: livenessd-tls', 'secretName: livenessd', 'which no pod has'],
  ['rotationPolicy:', 'rotation:', `'"rotation"' does not exist in type`],
  ['    http-listen = ', '    #http-listen = ', 'http-listen is not where its port is'],
  ['mountPath: /var/lib/livenessd', 'mountPath: /data', 'data-dir is no volume'],
  ['port: 7700', 'port: 7701', 'port grpc leads to none of the pod'],
  ['serviceName: livenessd-servers', 'serviceName: peers', 'there is no headless Service peers'],
  ['component: servers', 'component: server', 'selects 0 Services and not one'],
];

const file = process.argv[2];
const text = fs.readFileSync(file, 'utf8');
let missed = 0;
for (const [right, wrong, fault] of BROKEN) {
  const broken = manifests.parse(file, text.replace(right, wrong));
  const faults = [...schema.faults(broken), ...rules.faults(broken)];
  if (!text.includes(right) || !faults.some((each) => each.includes(fault))) {
    console.log(`not noticed: ${JSON.stringify(wrong)} for ${JSON.stringify(right)}\n${faults.join('\n')}`);
    missed += 1;
  }
}
console.log(`kubernetes: ${BROKEN.length - missed} of ${BROKEN.length} broken ones are noticed`);
process.exit(missed ? 1 : 0);
