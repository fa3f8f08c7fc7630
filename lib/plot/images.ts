import { types } from 'node:util'
import { Dataset } from '../dataset.js'
import { rangeError, typeError } from '../errors.js'
import type { CheckedMatrix, MatrixLike } from '../matrix.js'
import { isTypedArray, toMatrix } from '../matrix.js'
import type { OptionsOf, SettingsOf } from '../options/index.js'
import { complete, imagesOptions } from '../options/index.js'
import { extentOf } from './extent.js'
import { greyPNG } from './png.js'
import type { Specification } from './render.js'
import { render } from './render.js'
import { textWidth } from './text_width.js'
import { themes } from './themes.js'
import { toTitle } from './titles.js'

/** One class per image: its index, or its name. */
export type ImageLabels = readonly (string | number)[] | Int32Array | Uint8Array

/** Options of {@link images}. */
export type ImagesOptions = OptionsOf<typeof imagesOptions> & {
  /** What the images show. Default: the labels of a Dataset. */
  readonly labels?: ImageLabels | undefined
  /** What they were taken for; those that differ from the label are marked. */
  readonly predictions?: ImageLabels | undefined
  /** A line of text below each image, such as how sure a network is. */
  readonly notes?: readonly string[] | undefined
}

type Settings = SettingsOf<typeof imagesOptions>

const { light } = themes
const mostImages = 1000
// Pixels:
const wantedSize = 76 // of an image's longer side
const smoothness = 4 // pixels of a PNG for each that it is shown with, at least
const widestPicture = 900
const lineHeight = 16
const space = 14 // between images
const mostCharacters = 20 // of a line of a caption

/**
 * Grey images side by side, as SVG, with what they show below them. Where predictions are given, an
 * image that was taken for something else has a thick frame, a cross, and both names.
 *
 * @param rows - an image per row, its pixels row by row: `[images, width * height]`, or a Dataset of
 * such; at most 1000
 * @throws TypeError or RangeError if the rows have no `width * height` pixels, values are not finite,
 * labels or predictions are not as many as the images, or for an option that is unknown, of the wrong
 * type or out of range
 *
 * @example
 * const shown = test.slice(0, 30)
 * await plot.images(shown, { predictions: network.classify(shown) })
 */
export async function images(
  rows: MatrixLike | Dataset,
  options: ImagesOptions = {},
): Promise<string> {
  const settings = complete('images', imagesOptions, options, {
    others: ['labels', 'predictions', 'notes'],
  })
  const { title = 'Images', theme } = settings
  const isDataset = rows instanceof Dataset
  const pixels = isDataset ? toMatrix('rows', rows.x) : toMatrix('rows', rows)
  if (pixels.rows === 0) throw new RangeError('`rows` has no images')
  if (pixels.rows > mostImages)
    throw new RangeError(`At most ${mostImages} images are drawn, got ${pixels.rows}; take a slice`)
  const y = isDataset ? rows.y : undefined
  const labels = options.labels ?? (types.isInt32Array(y) ? y : undefined)
  const names = (name: 'labels' | 'predictions', given: ImageLabels | undefined) =>
    given === undefined ? undefined : toNames(name, given, pixels.rows, settings.classNames)
  const captions = toCaptions(
    pixels.rows,
    names('labels', labels),
    names('predictions', options.predictions),
    options.notes === undefined
      ? undefined
      : toNames('notes', options.notes, pixels.rows, undefined),
  )
  return render(toSpecification(pixels, captions, settings, title), title, theme)
}

function toNames(
  name: string,
  labels: unknown,
  count: number,
  classNames: readonly (string | number)[] | undefined,
): string[] {
  if (!Array.isArray(labels) && !isTypedArray(labels))
    throw typeError(name, 'an array with one entry per image', labels)
  if (labels.length !== count)
    throw new RangeError(`\`${name}\` has ${labels.length} entries, there are ${count} images`)
  return Array.from(labels, (label: unknown, i) => {
    if (typeof label !== 'string' && typeof label !== 'number')
      throw typeError(`${name}[${i}]`, 'a text or a number', label)
    return String((typeof label === 'number' ? classNames?.[label] : undefined) ?? label)
  })
}

const captionStyle = (isWrong: boolean) =>
  ({ fontSize: 12, fontWeight: isWrong ? 'bold' : 'normal' }) as const

/** What stands below an image. */
interface Caption {
  readonly isWrong: boolean
  readonly lines: readonly string[]
}

function toCaptions(
  count: number,
  labels: readonly string[] | undefined,
  predictions: readonly string[] | undefined,
  notes: readonly string[] | undefined,
): Caption[] {
  return Array.from({ length: count }, (_, i) => {
    const [label, prediction] = [labels?.[i], predictions?.[i]]
    const isWrong = label !== undefined && prediction !== undefined && label !== prediction
    const main = isWrong ? [`✗ ${prediction}`, `is ${label}`] : [prediction ?? label ?? '']
    const lines = [...main, notes?.[i] ?? ''].filter((line) => line !== '')
    return { isWrong, lines: lines.map(shorten) }
  })
}

function shorten(line: string): string {
  const characters = Array.from(line)
  return characters.length > mostCharacters
    ? `${characters.slice(0, mostCharacters - 1).join('')}…`
    : line
}

function toSpecification(
  pixels: CheckedMatrix,
  captions: readonly Caption[],
  settings: Settings,
  title: string,
): Specification {
  const { width, height } = sizeOf(pixels.columns, settings)
  const zoom = Math.max(1, Math.round(wantedSize / Math.max(width, height)))
  const shown = { width: zoom * width, height: zoom * height }
  const caption = captions
    .flatMap(({ isWrong, lines }) => lines.map((line) => textWidth(line, captionStyle(isWrong))))
    .reduce((most, width) => Math.max(most, width), 0)
  const cellWidth = Math.max(shown.width, caption) + space
  const mostLines = Math.max(...captions.map(({ lines }) => lines.length))
  const cellHeight = shown.height + mostLines * lineHeight + space
  const columns = Math.min(
    pixels.rows,
    settings.columns ?? Math.max(1, Math.floor((widestPicture + space) / cellWidth)),
  )
  const greys = toGreys(pixels, settings)
  const cells = captions.map(({ isWrong, lines }, i) => {
    const centre = ((i % columns) + 0.5) * cellWidth
    const top = Math.floor(i / columns) * cellHeight
    const own = greys.subarray(i * pixels.columns, (i + 1) * pixels.columns)
    return {
      isWrong,
      lines,
      centre,
      left: centre - shown.width / 2,
      right: centre + shown.width / 2,
      top,
      bottom: top + shown.height,
      below: top + shown.height + 4,
      url: greyPNG(own, width, height, smoothness * zoom),
    }
  })
  // Positions in pixels: `scale: null` everywhere.
  const at = (field: keyof (typeof cells)[number]) => ({
    field,
    type: 'quantitative' as const,
    scale: null,
    axis: null,
  })
  const frame = (isWrong: boolean) => ({
    transform: [{ filter: `datum.isWrong === ${isWrong}` }],
    mark: {
      type: 'rect' as const,
      fill: null,
      stroke: isWrong ? light.series[1] : light.axis,
      strokeWidth: isWrong ? 4 : 1,
    },
    encoding: { x: at('left'), x2: { field: 'right' }, y: at('top'), y2: { field: 'bottom' } },
  })
  const text = (isWrong: boolean) => ({
    transform: [{ filter: `datum.isWrong === ${isWrong} && datum.lines.length > 0` }],
    mark: {
      type: 'text' as const,
      baseline: 'top' as const,
      lineHeight,
      ...captionStyle(isWrong),
      color: light.ink,
    },
    encoding: { x: at('centre'), y: at('below'), text: { field: 'lines' } },
  })
  const { subtitle } = settings
  return {
    title: toTitle(title, subtitle, columns * cellWidth),
    width: columns * cellWidth,
    height: Math.ceil(pixels.rows / columns) * cellHeight - space,
    data: { values: cells },
    layer: [
      {
        mark: { type: 'image', ...shown, align: 'left', baseline: 'top' },
        encoding: { x: at('left'), y: at('top'), url: { field: 'url', type: 'nominal' } },
      },
      frame(false),
      frame(true),
      text(false),
      text(true),
    ],
  }
}

function sizeOf(count: number, { width, height }: Settings) {
  const side = Math.sqrt(count)
  if (width === undefined && height === undefined && !Number.isInteger(side))
    throw new RangeError(
      `\`rows\` has ${count} columns, not those of a square image; give its \`width\``,
    )
  const across = width ?? count / (height ?? side)
  const down = height ?? count / across
  if (across * down !== count || !Number.isInteger(across) || !Number.isInteger(down))
    throw new RangeError(
      `\`rows\` has ${count} columns, an image of ${width ?? '?'} x ${height ?? '?'} pixels does not`,
    )
  return { width: across, height: down }
}

/** Every pixel from 0, black, to 255, white. */
function toGreys({ data, columns }: CheckedMatrix, { range, inverted }: Settings): Uint8Array {
  const bad = data.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0)
    throw rangeError(`rows[${Math.floor(bad / columns)}][${bad % columns}]`, 'finite', data[bad])
  const [least, most] = range ?? extentOf(data)
  return Uint8Array.from(data, (value) => {
    const place = most > least ? Math.min(1, Math.max(0, (value - least) / (most - least))) : 0
    return Math.round(255 * (inverted ? 1 - place : place))
  })
}
