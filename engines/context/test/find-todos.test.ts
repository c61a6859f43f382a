import { describe, expect, it } from 'vitest';
import { findTodos, TOKEN } from './tree.ts';

/** Tags with their places. */
const tagsOf = async (path: string, text: string) =>
  (await findTodos({ [path]: text })).todos.map(({ line, column, tag }) => `${line}:${column} ${tag}`);

describe('context.find_todos', () => {
  it('reads tag, words, author and issue', async () => {
    const { todos } = await findTodos({
      'a.ts': [
        '// TODO(alice): pay back',
        '// FIXME(#12) later',
        'const x = 1; // HACK(@bob, PROJ-7): for now',
        '/* XXX: see https://tracker.example/issues/9 */',
        ' * TODO not in a comment',
        '// TODO @carol write tests (#3)',
        '// SHA-256 needs no TODO here',
        '// see the list. TODO: this counts',
        '// TODO',
      ].join('\n'),
    });
    expect(todos.map(({ line, tag, text, author, issue }) => [line, tag, text, author, issue])).toEqual([
      [1, 'TODO', 'pay back', 'alice', undefined],
      [2, 'FIXME', 'later', undefined, '#12'],
      [3, 'HACK', 'for now', 'bob', 'PROJ-7'],
      [4, 'XXX', 'see https://tracker.example/issues/9', undefined, 'https://tracker.example/issues/9'],
      [6, 'TODO', 'write tests (#3)', 'carol', '#3'],
      [8, 'TODO', 'this counts', undefined, undefined],
      [9, 'TODO', '', undefined, undefined],
    ]);
  });

  it.each([
    ['a.ts', 'const url = "https://x/ // TODO: no"; // TODO: yes', ['1:42 TODO']],
    ['a.ts', 'const t = `\n// TODO: no\n`;\n// TODO: yes', ['4:4 TODO']],
    ['a.js', '/**\n * Words.\n * TODO: yes\n */', ['3:4 TODO']],
    ['a.py', 's = """\n# TODO: no\n"""\nx = "#" # TODO: yes', ['4:11 TODO']],
    ['a.sh', 'echo ${#TODO} "# TODO: no"\n# TODO: yes', ['2:3 TODO']],
    ['a.rs', '/* a /* TODO: inner */ TODO: outer */ let x = "// TODO: no";', ['1:9 TODO']],
    ['a.rs', '/* a /* b */\nTODO: still */ // FIXME: after', ['2:1 TODO', '2:19 FIXME']],
    ['a.sql', "select '-- TODO: no'; -- TODO: yes", ['1:26 TODO']],
    ['a.lua', '--[[ a\nTODO: yes ]] x = 1 -- TODO: too', ['2:1 TODO', '2:23 TODO']],
    ['a.hs', '{- TODO: a {- b -} -}\nx = "-- TODO: no"', ['1:4 TODO']],
    ['a.html', '<p>TODO: no</p><!-- TODO: yes -->', ['1:21 TODO']],
    ['a.css', '/* TODO: yes */ a { b: url(//TODO: no) }', ['1:4 TODO']],
    ['a.ini', '; TODO: yes\na=b;TODO: no', ['1:3 TODO']],
    ['a.yml', "a: it's # TODO: yes", ['1:11 TODO']],
    ['Dockerfile', '# FIXME: yes', ['1:3 FIXME']],
    ['a.go', 'x := `\\` // TODO: yes', ['1:13 TODO']],
    ['a.ts', '// 😀 TODO: columns are characters', ['1:6 TODO']],
    ['a.ts', '// TODOS and xTODO and TODO_LIST', []],
    ['a.ts', '// todo: in lower case', []],
    ['a.unknown', '// TODO: no', []],
  ])('%s: %j', async (path, text, wanted) => {
    expect(await tagsOf(path, text)).toEqual(wanted);
  });

  it('[§6] sorts by path and line, counts by tag, ends at max_results', async () => {
    const files = { 'b.ts': '// TODO: b\n// XXX: b', 'a.ts': '// TODO: a', 'c.txt': 'TODO: no' };
    const all = await findTodos(files);
    expect(all.todos.map(({ path, line }) => `${path}:${line}`)).toEqual(['a.ts:1', 'b.ts:1', 'b.ts:2']);
    expect(all).toMatchObject({ by_tag: { TODO: 2, XXX: 1 }, truncated: false, unknown_language: 1 });
    expect(all.readable).toContain('a.ts:1:4: TODO a\n');
    expect(await findTodos(files, { max_results: 2 })).toMatchObject({ truncated: true, by_tag: { TODO: 2 } });
    expect((await findTodos(files, { max_results: 3 })).truncated).toBe(false);
    expect((await findTodos(files, { tags: ['XXX'], exclude: ['a*'] })).todos).toHaveLength(1);
  });

  it('[§13] masks secrets in the words', async () => {
    const { todos } = await findTodos({ 'a.ts': `// TODO(alice): remove ${TOKEN} (#4)\n` });
    expect(todos).toEqual([
      {
        path: 'a.ts',
        line: 1,
        column: 4,
        tag: 'TODO',
        text: 'remove ***REDACTED*** (#4)',
        author: 'alice',
        issue: '#4',
      },
    ]);
  });

  it('hostile sources take linear time', async () => {
    const times = 200_000;
    const hostile = {
      'a.rs': `TODO${'r#"'.repeat(times)}`,
      'b.rs': `${'/*'.repeat(times)}${'*/'.repeat(times)}TODO`,
      'c.js': `TODO${'`'.repeat(times + 1)}${'\\`'.repeat(times)}`,
      'd.py': `TODO${`"""'''`.repeat(times)}`,
      'e.js': '/*TODO:*/'.repeat(times),
      'f.js': `// TODO: ${'http://a/'.repeat(times)}`,
    };
    const from = performance.now();
    await findTodos(hostile);
    expect(performance.now() - from).toBeLessThan(20_000);
  });
});
