// Are these manifests ones that Kubernetes takes? schema.faults(manifests) says what is wrong.
//
// By its schemas: what is missing, of another kind or out of bounds. By its types, through the TypeScript compiler:
// a field that it does not know, which the schemas let pass and a cluster may drop without a word.
'use strict';
const path = require('path');
const ts = require('typescript');

// Of the types, which are the same for each question.
const sources = new Map();

const CUSTOM = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'cert-manager.io': '@kubernetes-models/cert-manager',
};

// "apps/v1", "StatefulSet" -> the module that has it.
function moduleOf(manifest) {
  const group = String(manifest.apiVersion).split('/')[0];
  return `${CUSTOM[group] || 'kubernetes-models'}/${manifest.apiVersion}/${manifest.kind}`;
}

function bySchema({where, manifest}) {
  let model;
  try {
    model = require(moduleOf(manifest))[manifest.kind];
  } catch {
    return [`${where}: Kubernetes has no ${manifest.apiVersion} ${manifest.kind}`];
  }
  try {
    new model(manifest).validate();
    return [];
  } catch (error) {
    return [`${where}: ${error.message}`];
  }
}

// As literals, for of these the compiler refuses a field that the type has not.
function byType(manifests) {
  const name = path.join(__dirname, 'manifests.ts');
  const text = manifests.map(({manifest}, i) =>
    `import {I${manifest.kind} as T${i}} from '${moduleOf(manifest)}';\n` +
    `const m${i}: T${i} = ${JSON.stringify(manifest, null, 1)};\n`).join('');
  const options = {
    strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2020,
    module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10,
    baseUrl: process.env.NODE_PATH, paths: {'*': ['*']},
  };
  const host = ts.createCompilerHost(options);
  const source = host.getSourceFile;
  host.getSourceFile = (file, ...rest) => {
    if (file === name) return ts.createSourceFile(name, text, options.target);
    if (!sources.has(file)) sources.set(file, source(file, ...rest));
    return sources.get(file);
  };
  return ts.getPreEmitDiagnostics(ts.createProgram([name], options, host)).map((found) => {
    const before = text.slice(0, found.start);
    const index = [...before.matchAll(/^const m(\d+):/gm)].pop();
    const line = text.slice(before.lastIndexOf('\n') + 1).split('\n')[0].trim();
    return `${index ? manifests[index[1]].where : ''}: ${line} ${ts.flattenDiagnosticMessageText(found.messageText, ' ')}`;
  });
}

exports.faults = (manifests) => {
  const faults = manifests.flatMap(bySchema);
  return faults.some((fault) => fault.includes('Kubernetes has no')) ? faults : [...faults, ...byType(manifests)];
};
