// @ts-check
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc'

// For `npm run docs`: puts each public name under a heading, by the file that has it.

/** The first that matches counts. */
const headings = /** @type {const} */ ([
  [/^lib\/errors/, 'Errors'],
  [/^lib\/experiments\//, 'Experiments'],
  [/^lib\/plot\//, 'Plots'],
  [/^lib\/(preparation\/|model|options\/preparation)/, 'Preparation'],
  [/^lib\/(data|formats)\//, 'Data'],
  [/^lib\/(categorical|dataset|matrix|options\/(dataset|readers))/, 'Data'],
  [/^lib\/(network|layers?\b|options\/(activations|initializers|layers|network))/, 'Networks'],
  [/^lib\//, 'Training'],
])

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of project.getReflectionsByKind(
      ReflectionKind.SomeModule | ReflectionKind.SomeExport,
    )) {
      if (reflection.parent !== project || !reflection.isDeclaration()) continue
      const path = reflection.sources?.[0]?.fullFileName.replace(/^.*?\/(lib\/[^]*)$/, '$1') ?? ''
      const [, heading] = headings.find(([pattern]) => pattern.test(path)) ?? []
      if (heading === undefined) continue
      for (const one of reflection.signatures ?? [reflection]) {
        one.comment ??= new Comment()
        one.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: heading }]))
      }
    }
  })
}
