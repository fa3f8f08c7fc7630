import test from 'ava'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { platform, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { makeFolder, toPath, writeFileAtomically } from '../lib/formats/file.js'

async function makeTestFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'gemmnet-test-'))
}

test('a file is replaced as a whole and nothing is left beside it', async (t) => {
  const folder = await makeTestFolder()
  const path = join(folder, 'a.bin')
  await writeFile(path, 'a longer text that was here before')
  await writeFileAtomically(path, Uint8Array.of(1, 2, 3))
  t.deepEqual([...(await readFile(path))], [1, 2, 3])
  t.deepEqual(await readdir(folder), ['a.bin'])
  await rm(folder, { recursive: true })
})

test('many writers of one file leave the content of one of them', async (t) => {
  const folder = await makeTestFolder()
  const path = join(folder, 'a.bin')
  const contents = Array.from({ length: 16 }, (_, i) => new Uint8Array(10_000).fill(i))
  await Promise.all(contents.map((bytes) => writeFileAtomically(path, bytes)))
  const written = await readFile(path)
  t.is(new Set(written).size, 1)
  t.is(written.length, 10_000)
  t.deepEqual(await readdir(folder), ['a.bin'])
  await rm(folder, { recursive: true })
})

test("a failed write leaves no temporary file and has the system's code and a stack", async (t) => {
  const folder = await makeTestFolder()
  const path = join(folder, 'occupied')
  await mkdir(path)
  const save = async () => {
    await writeFileAtomically(path, Uint8Array.of(1))
  }
  const error = await t.throwsAsync(save, { code: 'EISDIR' })
  t.regex(error.stack ?? '', /at async save .*file\.test/)
  t.deepEqual(await readdir(folder), ['occupied'])
  await t.throwsAsync(writeFileAtomically(join(folder, 'no', 'a'), Uint8Array.of(1)), {
    code: 'ENOENT',
  })
  await rm(folder, { recursive: true })
})

test('a folder is made with those above it, by several at once too', async (t) => {
  const folder = await makeTestFolder()
  const deep = join(folder, 'a', 'b', 'c')
  await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(join(folder, 'a', 'd'))])
  t.deepEqual(await readdir(join(folder, 'a')), ['b', 'd'])
  t.deepEqual(await readdir(deep), [])
  await writeFile(join(folder, 'file'), '')
  await t.throwsAsync(makeFolder(join(folder, 'file')), { code: 'EEXIST' })
  await t.throwsAsync(makeFolder(join(folder, 'file', 'x')), { code: 'EEXIST' })
  await rm(folder, { recursive: true })
})

const onLinux = platform() === 'linux' ? test : test.skip
onLinux('where folders cannot be made it fails, and does not go on for ever', async (t) => {
  await t.throwsAsync(makeFolder('/proc/gemmnet/report'), { code: 'ENOENT' })
})

test('paths and file URLs are paths, nothing else is', (t) => {
  t.is(toPath('path', 'a/b'), resolve('a/b'))
  t.is(toPath('path', pathToFileURL('/tmp/a b')), '/tmp/a b')
  for (const wrong of ['', 'a\0b', 5, undefined, new URL('https://example.org/')])
    t.throws(() => toPath('path', wrong), {
      instanceOf: TypeError,
      message: /^Expected `path` to be a path or a file: URL, got/,
    })
})
