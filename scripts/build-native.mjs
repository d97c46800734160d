// Builds the addon with node-gyp during `npm ci`. Node's own distributions carry their headers beside the executable;
// using those needs no download, and node-gyp's default (which fetches them) remains for installations without.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const prefix = dirname(dirname(process.execPath));
const args = ['rebuild', '--jobs=max'];
if (existsSync(join(prefix, 'include', 'node', 'node_api.h'))) args.push(`--nodedir=${prefix}`);

const command = process.env.npm_config_node_gyp ? [process.execPath, process.env.npm_config_node_gyp] : ['node-gyp'];
const { status, error } = spawnSync(command[0], [...command.slice(1), ...args], { stdio: 'inherit' });
if (error || status !== 0) {
  console.error(
    '\ntelar: the native kernels did not build. They need a C++17 compiler (g++ or clang++), make and python3.\n' +
      'On Debian or Ubuntu: apt-get install g++ make python3. On macOS: xcode-select --install. Then run npm ci again.',
  );
  process.exit(1);
}
