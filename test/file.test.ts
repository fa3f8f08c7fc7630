import test from 'ava'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { toPath, writeFileAtomically } from '../lib/formats/file.js'

async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'gemmnet-test-'))
}

test('a file is replaced as a whole and nothing is left beside it', async (t) => {
  const folder = await makeFolder()
  const path = join(folder, 'a.bin')
  await writeFile(path, 'a longer text that was here before')
  await writeFileAtomically(path, Uint8Array.of(1, 2, 3))
  t.deepEqual([...(await readFile(path))], [1, 2, 3])
  t.deepEqual(await readdir(folder), ['a.bin'])
  await rm(folder, { recursive: true })
})

test('many writers of one file leave the content of one of them', async (t) => {
  const folder = await makeFolder()
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
  const folder = await makeFolder()
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

test('paths and file URLs are paths, nothing else is', (t) => {
  t.is(toPath('path', 'a/b'), resolve('a/b'))
  t.is(toPath('path', pathToFileURL('/tmp/a b')), '/tmp/a b')
  for (const wrong of ['', 'a\0b', 5, undefined, new URL('https://example.org/')])
    t.throws(() => toPath('path', wrong), {
      instanceOf: TypeError,
      message: /^Expected `path` to be a path or a file: URL, got/,
    })
})
