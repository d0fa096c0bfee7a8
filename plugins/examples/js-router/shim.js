// The frame around a custom router of claude-code-router: what `build.mjs` puts the router's source into.
//
// The router gets `(req, config)` as there, but for what a sandbox does not have: `require`, files, the network, `process`.
// What costs something (the body, the token count) is fetched when the router first asks for it.

import { config as publicConfig, log, settings } from 'ccr:plugin/host@0.2.0';

const module = { exports: {} };
const console = Object.fromEntries(
  [['log', 'info'], ['info', 'info'], ['warn', 'warn'], ['error', 'error'], ['debug', 'debug']].map(
    ([name, level]) => [name, (...words) => log(level, words.map(text).join(' '))],
  ),
);

function text(word) {
  return typeof word === 'string' ? word : JSON.stringify(word) ?? String(word);
}

function require(name) {
  throw new Error(`require('${name}') is not there: a router runs in a sandbox; bundle the package into one file first`);
}

(function (module, exports, require, console) {
/* THE ROUTER */
})(module, module.exports, require, console);

const route = typeof module.exports === 'function' ? module.exports : module.exports.default;

/** A property that is made when it is first read. */
function lazy(object, name, make) {
  Object.defineProperty(object, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = make();
      Object.defineProperty(object, name, { value, writable: true, enumerable: true });
      return value;
    },
  });
}

/** The request as claude-code-router's routers know it. */
function requestOf(request) {
  const req = {
    url: '/v1/messages',
    method: 'POST',
    id: request.id(),
    sessionId: request.session(),
    log: console,
    headers: new Proxy({}, { get: (_, name) => (typeof name === 'string' ? request.header(name.toLowerCase()) : undefined) }),
  };
  lazy(req, 'body', () => JSON.parse(new TextDecoder().decode(request.body())));
  lazy(req, 'tokenCount', () => Number(request.tokenCount()));
  return req;
}

export const plugin = {
  describe: () => ({
    name: NAME,
    version: '0.1.0',
    summary: 'A custom router of claude-code-router.',
    capabilities: [],
  }),
};

export const router = {
  async route(request) {
    if (typeof route !== 'function') throw new Error('the file does not set module.exports to a function');
    const config = { ...JSON.parse(publicConfig()), options: JSON.parse(settings()) };
    const target = await route(requestOf(request), config, {});
    if (target === undefined || target === null || target === '' || target === false) return undefined;
    const comma = typeof target === 'string' ? target.indexOf(',') : -1;
    if (comma < 0) throw { tag: 'other', val: `it returned ${text(target).slice(0, 200)}, not "provider,model"` };
    const [provider, model] = [target.slice(0, comma).trim(), target.slice(comma + 1).trim()];
    return { target: { provider, model }, reason: 'the script says so' };
  },
};
