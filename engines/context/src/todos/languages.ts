/** How comments and strings of a language are written; only what decides where a comment begins. */
export interface Language {
  /** Begin a comment that ends with the line. */
  readonly line?: readonly string[];
  /** A `#` in the middle of a word begins none. */
  readonly lineNeedsSpace?: boolean;
  readonly block?: readonly (readonly [open: string, close: string])[];
  /** Comments in comments. */
  readonly nested?: boolean;
  readonly strings?: readonly StringForm[];
}

export interface StringForm {
  readonly open: string;
  readonly close: string;
  /** `\` takes away the meaning of what follows. */
  readonly escapes: boolean;
  readonly multiline: boolean;
}

const text = (quote: string, more: Partial<StringForm> = {}): StringForm => ({
  open: quote,
  close: quote,
  escapes: true,
  multiline: false,
  ...more,
});
const PLAIN = [text('"'), text("'")];
const TEMPLATES = [...PLAIN, text('`', { multiline: true })];
const TRIPLE = [text('"""', { multiline: true }), text("'''", { multiline: true })];
const SLASHES = ['//'];
const STARS: Language['block'] = [['/*', '*/']];
const MARKUP: Language['block'] = [['<!--', '-->']];

const C: Language = { line: SLASHES, block: STARS, strings: PLAIN };
const SCRIPT: Language = { line: SLASHES, block: STARS, strings: TEMPLATES };
const NESTED: Language = { line: SLASHES, block: STARS, nested: true, strings: [text('"')] };
const HASH: Language = { line: ['#'], strings: PLAIN };
const SHELL: Language = {
  line: ['#'],
  lineNeedsSpace: true,
  strings: [text('"', { multiline: true }), text("'", { escapes: false, multiline: true })],
};
/** Values need no quotes, and an apostrophe is one more letter. */
const CONFIG: Language = { line: ['#'], lineNeedsSpace: true, strings: [text('"')] };

/** Languages by the names their files end with. */
const LANGUAGES: readonly (readonly [Language, string])[] = [
  [SCRIPT, 'js jsx mjs cjs ts tsx mts cts'],
  [C, 'c h cc cpp cxx hh hpp hxx m mm cs java dart groovy gradle proto thrift glsl hlsl wgsl sol zig v sv jsonc json5'],
  [{ ...C, strings: [text('"'), text("'"), text('`', { escapes: false, multiline: true })] }, 'go'],
  [{ ...NESTED, strings: [...TRIPLE.slice(0, 1), text('"')] }, 'swift kt kts scala sc'],
  [
    {
      ...NESTED,
      strings: [text('r#"', { close: '"#', escapes: false, multiline: true }), text('"', { multiline: true })],
    },
    'rs',
  ],
  [{ line: ['//', '#'], block: STARS, strings: PLAIN }, 'php'],
  [{ block: STARS, strings: PLAIN }, 'css'],
  [{ line: SLASHES, block: STARS, strings: PLAIN }, 'scss sass less styl'],
  [{ line: ['#'], strings: [...TRIPLE, ...PLAIN] }, 'py pyi pyx bzl star'],
  [HASH, 'rb rake gemspec pl pm r jl nim cr ex exs'],
  [SHELL, 'sh bash zsh fish ksh'],
  [
    { line: ['#'], block: [['<#', '#>']], strings: [text('"', { escapes: false }), text("'", { escapes: false })] },
    'ps1 psm1',
  ],
  [CONFIG, 'yml yaml toml conf cfg properties env mk cmake dockerfile gitignore editorconfig'],
  [{ line: [';', '#'], lineNeedsSpace: true }, 'ini'],
  [{ line: ['#', '//'], lineNeedsSpace: true, block: STARS, strings: [text('"')] }, 'tf hcl tfvars nix'],
  [{ line: ['--'], block: STARS, strings: [text("'", { escapes: false, multiline: true })] }, 'sql'],
  [{ line: ['--'], block: [['--[[', ']]']], strings: PLAIN }, 'lua'],
  [{ line: ['--'], block: [['{-', '-}']], nested: true, strings: [text('"')] }, 'hs elm purs'],
  [{ block: [['(*', '*)']], nested: true, strings: [text('"')] }, 'ml mli'],
  [{ line: SLASHES, block: [['(*', '*)']], strings: [text('"')] }, 'fs fsx fsi'],
  [{ line: [';'], strings: [text('"', { multiline: true })] }, 'lisp el clj cljs cljc edn scm rkt asm'],
  [{ line: ['%'], strings: [text('"')] }, 'erl hrl tex sty m4'],
  [{ block: MARKUP }, 'html htm xml xhtml svg md markdown mdx xsl plist csproj'],
  [{ line: SLASHES, block: [...MARKUP, ...(STARS ?? [])], strings: TEMPLATES }, 'vue svelte astro'],
];

const BY_ENDING: ReadonlyMap<string, Language> = new Map(
  LANGUAGES.flatMap(([language, endings]) => endings.split(' ').map((ending) => [ending, language] as const)),
);
const BY_NAME: ReadonlyMap<string, Language> = new Map([
  ['dockerfile', CONFIG],
  ['containerfile', CONFIG],
  ['makefile', CONFIG],
  ['gnumakefile', CONFIG],
  ['rakefile', HASH],
  ['gemfile', HASH],
  ['vagrantfile', HASH],
  ['cmakelists.txt', CONFIG],
  ['requirements.txt', CONFIG],
  ['jenkinsfile', C],
]);

/** The language of a file, by its name. */
export function languageOf(path: string): Language | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  return BY_NAME.get(name) ?? BY_ENDING.get(name.slice(name.lastIndexOf('.') + 1));
}
