#!/usr/bin/env node
// Builds what CMakeLists.txt describes and puts the addon into build/<config>/gemmnet.node. Who calls it:
//   npm install         "install": "node native/build.cjs --if-needed"
//   npm test            with --tests, for the C++ tests
//   node-gyp rebuild    binding.gyp delegates here
//   prebuildify         through node-gyp, with GEMMNET_STATIC=1 in the environment
// Options:
//   --if-needed         do nothing where a prebuilt or earlier addon loads
//   --debug             asserts on; default Release
//   --tests, --bench    build the C++ tests, the C++ contenders of the benchmark
//   --work=, --dest=    where CMake works (build/cmake), where the addon goes (build/<config>)
//   --configure-only    write compile_commands.json, compile nothing
//   --CDname=value      a CMake variable, as cmake-js takes it
//   --verbose           show what CMake and the compiler say, also when all is well
'use strict'

const { spawnSync } = require('node:child_process')
const { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync } = require('node:fs')
const { availableParallelism } = require('node:os')
const { delimiter, join, relative, resolve } = require('node:path')

const root = resolve(__dirname, '..')
const options = process.argv.slice(2)
const has = (name) => options.includes(name)
const valueOf = (name) => options.find((o) => o.startsWith(`${name}=`))?.slice(name.length + 1)

const config = has('--debug') ? 'Debug' : 'Release'
// Not build/ itself: node-gyp's own Makefile is there.
const work = resolve(
  root,
  valueOf('--work') ?? join('build', has('--debug') ? 'cmake-debug' : 'cmake'),
)
const destination = resolve(root, valueOf('--dest') ?? join('build', config))

if (has('--if-needed') && !fromSource() && loads()) process.exit(0)
build()

function build() {
  const missing = []
  if (!onPath('cmake')) missing.push('CMake')
  if (!onPath('make', 'ninja')) missing.push('make')
  if (!process.env.CXX && !onPath('c++', 'g++', 'clang++')) missing.push('a C++ compiler')
  if (missing.length > 0) fail(`Not found: ${missing.join(', ')}.`)

  const started = Date.now()
  cmake('configure')
  if (has('--configure-only')) return
  cmake('build')

  // Renamed into place: a process that has the old file mapped keeps it whole.
  const target = join(destination, 'gemmnet.node')
  mkdirSync(destination, { recursive: true })
  copyFileSync(join(work, config, 'gemmnet.node'), `${target}.new`)
  renameSync(`${target}.new`, target)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  console.log(`gemmnet: built ${relative(root, target)} (${config}, ${seconds} s)`)
}

/** One cmake-js step; its output is shown when it failed, warned, or --verbose asks for it. */
function cmake(step) {
  // "build" alone would keep the variables of an older build directory, so all are given each time.
  const onOff = (condition) => (condition ? 'ON' : 'OFF')
  const variables = [
    `--CDGEMMNET_STATIC=${onOff(process.env.GEMMNET_STATIC)}`,
    `--CDGEMMNET_TESTS=${onOff(has('--tests'))}`,
    `--CDGEMMNET_BENCH=${onOff(has('--bench'))}`,
    ...options.filter((o) => o.startsWith('--CD')),
  ]
  const { status, error, stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(require.resolve('cmake-js/package.json'), '..', 'bin', 'cmake-js'),
      step,
      ...['--directory', root, '--out', work, '--config', config],
      ...['--parallel', String(availableParallelism())],
      ...variables,
    ],
    {
      cwd: root,
      stdio: has('--verbose') ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  )
  const log = `${stdout ?? ''}${stderr ?? ''}`
  if (status !== 0) {
    process.stderr.write(log)
    fail(`cmake-js ${step} failed${error ? `: ${error.message}` : '; what it said is above'}.`)
  }
  if (!has('--if-needed') && /warning:/i.test(log)) process.stderr.write(log)
}

/** True where the addon must be compiled: asked for, or a working copy, where only CMake knows what is stale. */
function fromSource() {
  return process.env.npm_config_build_from_source === 'true' || existsSync(join(root, '.git'))
}

/** True if a prebuilt or earlier addon loads here. Tried in a child process, so that a crash stays there. */
function loads() {
  const script = `require(${JSON.stringify(require.resolve('node-gyp-build'))})(${JSON.stringify(root)})`
  return spawnSync(process.execPath, ['-e', script], { cwd: root, stdio: 'ignore' }).status === 0
}

function onPath(...names) {
  const directories = (process.env.PATH ?? '').split(delimiter)
  return names.some((name) => directories.some((directory) => existsSync(join(directory, name))))
}

function fail(why) {
  const prebuilds = join(root, 'prebuilds')
  const platforms = existsSync(prebuilds) ? readdirSync(prebuilds).join(', ') : 'no platform'
  console.error(`
gemmnet: the native addon could not be built for ${process.platform}-${process.arch}.
${why}

Prebuilt for: ${platforms}. Anything else is compiled, which needs a C++20 compiler (g++ 11 or
clang 14 and newer), make, CMake 3.22 or newer and OpenBLAS:
  Debian, Ubuntu   sudo apt-get install -y g++ make cmake libopenblas-dev
  Fedora           sudo dnf install -y gcc-c++ make cmake openblas-devel
  Alpine           sudo apk add g++ make cmake openblas-dev
  macOS            xcode-select --install && brew install cmake openblas
Then run the same npm command again.
`)
  process.exit(1)
}
