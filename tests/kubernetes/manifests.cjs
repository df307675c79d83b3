// Manifests, of files that hold several each.
'use strict';
const fs = require('fs');
const path = require('path');
const yaml = require('yaml');

// [{where, manifest}]; throws where the text is no YAML.
exports.parse = (file, text) => yaml.parseAllDocuments(text).map((document) => {
  if (document.errors.length) throw new Error(`${file}: ${document.errors[0].message}`);
  const manifest = document.toJS();
  return {where: `${path.basename(file)}: ${manifest.kind} ${(manifest.metadata || {}).name}`, manifest};
});

exports.read = (files) => files.flatMap((file) => exports.parse(file, fs.readFileSync(file, 'utf8')));
