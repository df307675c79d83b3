// What Kubernetes would take, and what would not work all the same: rules.faults(manifests) says it.
'use strict';

const KIB_OF_A_CLIENT = 29;  // docs/operating.md, "Sizes"
const UNITS = {Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3};

const bytes = (quantity) => parseFloat(quantity) * (UNITS[quantity.slice(-2)] || 1);
const seconds = (text) => parseFloat(text) * {s: 1, m: 60}[text.slice(-1)];
const within = (labels, all) => Object.entries(labels || {}).every(([key, value]) => (all || {})[key] === value);

// A line `key = value` of the server's file, as text, of a list the first; for values without anything that needs a parser.
function setting(toml, key) {
  const found = new RegExp(`^${key} = \\[?"?([^"\n]*)"?(, .*\\])?$`, 'm').exec(toml);
  return found ? found[1] : undefined;
}

// https://kubernetes.io/docs/concepts/security/pod-security-standards/, "Restricted".
function restricted(pod) {
  const of = pod.securityContext || {};
  const faults = pod.containers.flatMap((container) => {
    const own = container.securityContext || {};
    return [
      own.allowPrivilegeEscalation === false || 'may gain rights',
      own.readOnlyRootFilesystem === true || 'may write to its image',
      ((own.capabilities || {}).drop || []).includes('ALL') || 'keeps capabilities',
      !(own.capabilities || {}).add || 'adds capabilities',
    ];
  });
  return [
    ...faults,
    of.runAsNonRoot === true || 'may run as root',
    of.runAsUser > 0 || 'has a user without a number, which the node cannot see to be none of root',
    (of.seccompProfile || {}).type === 'RuntimeDefault' || 'has no seccomp profile',
    pod.automountServiceAccountToken === false || 'has a token of the API server',
  ].filter((fault) => fault !== true);
}

function ofPod(pod, toml) {
  const faults = restricted(pod);
  const [container] = pod.containers;
  const ports = Object.fromEntries(container.ports.map((port) => [port.name, port.containerPort]));
  for (const kind of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const get = (container[kind] || {}).httpGet || {};
    if (!ports[get.port]) faults.push(`${kind} asks no port of the container`);
    if (get.scheme !== 'HTTPS') faults.push(`${kind} does not speak TLS`);
  }
  if ((container.livenessProbe.httpGet || {}).path !== '/livez') faults.push('is restarted for not being ready');
  for (const [flag, port] of [['listen', ports.grpc], ['http-listen', ports.http]]) {
    if (setting(toml, flag) !== `0.0.0.0:${port}`) faults.push(`${flag} is not where its port is`);
  }
  const mounts = container.volumeMounts.map((mount) => mount.mountPath);
  if (!mounts.includes(setting(toml, 'data-dir'))) faults.push('data-dir is no volume');
  if (setting(toml, 'insecure-anonymous') !== undefined) faults.push('lets strangers in');
  for (const flag of ['tls-cert', 'tls-key', 'tls-ca', 'token-file']) {
    const file = setting(toml, flag);
    if (!mounts.some((mount) => file && file.startsWith(`${mount}/`))) faults.push(`${flag} is no file of a volume`);
  }
  if (!mounts.some((mount) => container.args[0].startsWith(`--config=${mount}/`))) faults.push('--config is no volume');
  if (pod.terminationGracePeriodSeconds <= seconds(setting(toml, 'drain-timeout')) + 5) {
    faults.push('is killed while it drains');
  }
  if (setting(toml, 'max-connections') * KIB_OF_A_CLIENT * 1024 > 0.8 * bytes(container.resources.limits.memory)) {
    faults.push('takes more connections than it has memory for');
  }
  return faults;
}

// What of a pod's certificate is to be in one of the names of cert-manager's, and where the pod looks for it.
function ofCertificate({spec}, sets) {
  const names = spec.dnsNames || [];
  return sets.flatMap(({metadata, spec: {serviceName, template}}) => {
    const secrets = template.spec.volumes.flatMap((volume) => ((volume.projected || {}).sources || []))
      .map((source) => (source.secret || {}).name);
    const service = `${serviceName}.${metadata.namespace}`;
    return [
      secrets.includes(spec.secretName) || `is in the Secret ${spec.secretName}, which no pod has`,
      ...[service, `*.${service}`].map((name) => names.includes(name) || `does not name ${name}`),
    ];
  }).filter((fault) => fault !== true);
}

exports.faults = (manifests) => {
  const of = (kind) => manifests.filter(({manifest}) => manifest.kind === kind);
  const faults = [];
  for (const {where, manifest: {spec, metadata}} of of('StatefulSet')) {
    const {metadata: {labels}, spec: pod} = spec.template;
    const name = pod.volumes.find((volume) => volume.configMap).configMap.name;
    const config = of('ConfigMap').find(({manifest}) => manifest.metadata.name === name);
    if (!config) {
      faults.push(`${where}: there is no ConfigMap ${name}`);
      continue;
    }
    faults.push(...ofPod(pod, config.manifest.data['livenessd.toml']).map((fault) => `${where}: ${fault}`));
    const served = of('Service').map(({manifest}) => manifest);
    if (!served.some((service) => service.metadata.name === spec.serviceName && service.spec.clusterIP === 'None')) {
      faults.push(`${where}: there is no headless Service ${spec.serviceName}`);
    }
    for (const {where: other, manifest} of [...of('Service'), ...of('PodDisruptionBudget')]) {
      const selector = manifest.spec.selector.matchLabels || manifest.spec.selector;
      if (!within(selector, labels)) faults.push(`${other}: selects no pod`);
      if (manifest.metadata.namespace !== metadata.namespace) faults.push(`${other}: is in another namespace`);
      for (const port of manifest.spec.ports || []) {
        if (!pod.containers[0].ports.some((own) => own.name === port.targetPort && own.containerPort === port.port)) {
          faults.push(`${other}: port ${port.name} leads to none of the pod`);
        }
      }
    }
  }
  for (const {where, manifest: {spec}} of of('ServiceMonitor')) {
    const found = of('Service').filter(({manifest}) => within(spec.selector.matchLabels, manifest.metadata.labels));
    // Two would count everything twice.
    if (found.length !== 1) faults.push(`${where}: selects ${found.length} Services and not one`);
    for (const {port, scheme, authorization} of spec.endpoints) {
      if (scheme !== 'https' || !authorization) faults.push(`${where}: comes without TLS or without a token`);
      if (!found.some(({manifest}) => manifest.spec.ports.some((own) => own.name === port))) {
        faults.push(`${where}: no Service has a port ${port}`);
      }
    }
    const job = (found[0] || {manifest: {metadata: {labels: {}}}}).manifest.metadata.labels[spec.jobLabel];
    if (job !== 'livenessd') faults.push(`${where}: its job is ${job}, and the alert rules ask for livenessd`);
  }
  const sets = of('StatefulSet').map(({manifest}) => manifest);
  for (const {where, manifest} of of('Certificate')) {
    if (!(manifest.spec.usages || []).includes('server auth')) continue;
    faults.push(...ofCertificate(manifest, sets).map((fault) => `${where}: ${fault}`));
  }
  return faults;
};
