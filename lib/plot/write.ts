import { createRequire } from 'node:module'
import { basename, extname, join, parse } from 'node:path'
import { GemmnetError, rangeError, typeError } from '../errors.js'
import type { FilePath } from '../formats/file.js'
import { makeFolder, toPath, writeFileAtomically } from '../formats/file.js'
import { font } from './render.js'
import type { Report } from './report.js'
import { isReport, isSVG, namedPictures, toHTML } from './report.js'

/** Pixels of a PNG for each of the SVG's, so that it is crisp on screens of today. */
const pixelRatio = 2

/**
 * Writes pictures to a file of the kind that its name says: `.svg` or `.png` for one picture,
 * `.html` for a page of any number, or of a {@link Report}. The file is replaced as a whole or not
 * at all.
 *
 * A PNG has twice the picture's size in pixels, and the light theme where the picture is of the
 * theme 'auto'. It needs the packages `@resvg/resvg-js` and `dejavu-fonts-ttf`, which gemmnet does
 * not bring along.
 *
 * @param pictures - what one of the functions of `plot` returned, several of them, or a Report
 * @throws TypeError if they are none of these
 * @throws RangeError if the path has another ending, or several pictures should go where one can
 * @throws GemmnetError `ERR_NO_PACKAGE` for a PNG where one of the two is not installed
 * @throws the system's error if it cannot be written
 *
 * @example
 * const history = await plot.history(await trainer.fit(train))
 * const confusion = await plot.confusion({ labels: test, predictions: network.classify(test) })
 * await plot.write(history, 'history.png')
 * await plot.write([history, confusion], 'run.html')
 */
export async function write(
  pictures: string | readonly string[] | Report,
  path: FilePath,
): Promise<void> {
  const file = toPath('path', path)
  const ending = extname(file).toLowerCase()
  if (ending === '.html' || ending === '.htm') {
    const report = isReport(pictures) ? pictures : toReport(toList(pictures), parse(file).name)
    return writeFileAtomically(file, Buffer.from(toHTML(report)))
  }
  if (ending !== '.svg' && ending !== '.png')
    throw rangeError('path', 'a file that ends in .svg, .png or .html', basename(file))
  const [svg, second] = isReport(pictures) ? [] : toList(pictures)
  if (svg === undefined || second !== undefined)
    throw new RangeError(`A file that ends in ${ending} holds one picture; .html holds several`)
  return writeFileAtomically(file, ending === '.svg' ? Buffer.from(svg) : await toPNG(svg))
}

/**
 * Writes a report to a folder: its page to `index.html`, and each picture that has a name to a file
 * of that name, `.svg`. Other files of the folder are left alone.
 *
 * @param folder - made where there is none
 * @throws TypeError, naming the section, for a part that is none, or a picture that is no SVG
 * @throws RangeError for a picture's name that is no file's, or another picture's
 * @throws the system's error if it cannot be written
 */
export async function writeReport(report: Report, folder: FilePath): Promise<void> {
  const path = toPath('folder', folder)
  const page = toHTML(report)
  const pictures = namedPictures(report)
  await makeFolder(path)
  for (const [name, svg] of pictures)
    await writeFileAtomically(join(path, `${name}.svg`), Buffer.from(svg))
  await writeFileAtomically(join(path, 'index.html'), Buffer.from(page))
}

function toList(pictures: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(pictures) ? pictures : [pictures]
  if (list.length === 0 || !list.every(isSVG))
    throw typeError('pictures', 'SVG text, an array of it, or a report', pictures)
  return list
}

function toReport(pictures: readonly string[], title: string): Report {
  return { title, sections: [{ parts: pictures.map((svg) => ({ svg })) }] }
}

/** The part of resvg's interface that is used here; the package need not be there. */
interface Resvg {
  readonly renderAsync: (svg: string, options: object) => Promise<{ asPng(): Buffer }>
}

// The picture's layout is by the widths of this font's letters: see textWidth.
const fontFamily = 'DejaVu Sans'
const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']

/**
 * By resvg and a font of its own, so that equal pictures are equal on all machines, also where there
 * are no fonts; the system's only draw what it lacks, such as Chinese.
 */
async function toPNG(svg: string): Promise<Buffer> {
  const { renderAsync, fonts } = await importRenderer()
  const image = await renderAsync(svg.replaceAll(`"${font}"`, `"${fontFamily}"`), {
    fitTo: { mode: 'zoom', value: pixelRatio },
    font: { fontFiles: fonts, defaultFontFamily: fontFamily, sansSerifFamily: fontFamily },
  })
  return image.asPng()
}

async function importRenderer(): Promise<Resvg & { readonly fonts: string[] }> {
  const name = ['@resvg/resvg-js'].join('') // no literal, or the compiler would look for the package
  try {
    const { default: resvg } = (await import(name)) as { default: Resvg }
    const { resolve } = createRequire(import.meta.url)
    const fonts = fontFiles.map((file) => resolve(`dejavu-fonts-ttf/ttf/${file}`))
    return { ...resvg, fonts }
  } catch (cause) {
    const packages = '@resvg/resvg-js dejavu-fonts-ttf'
    const message = `A PNG needs two packages: run \`npm install ${packages}\`, or write an .svg`
    throw new GemmnetError('ERR_NO_PACKAGE', message, { cause })
  }
}
