// virtual-core asks for it, as of a bundler.
globalThis.process ??= { env: { NODE_ENV: 'production' } };
