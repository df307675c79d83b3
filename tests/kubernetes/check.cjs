// check.cjs FILE...: are these manifests right? Prints what is not, and ends with 1.
'use strict';
const manifests = require('./manifests.cjs').read(process.argv.slice(2));
const faults = [...require('./schema.cjs').faults(manifests), ...require('./rules.cjs').faults(manifests)];
faults.forEach((fault) => console.log(fault));
console.log(`kubernetes: ${manifests.length} manifests, ${faults.length} faults`);
process.exit(faults.length || !manifests.length ? 1 : 0);
