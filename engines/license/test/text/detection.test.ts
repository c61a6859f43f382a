import { describe, expect, it } from 'vitest';
import { detectLicenses } from '../../src/text/detection.ts';
import { spdxIds, spdxText } from '../spdx-texts.ts';

const MIT = spdxText('MIT');
const ISC = spdxText('ISC');
const BSD = spdxText('BSD-3-Clause');
const APACHE = spdxText('Apache-2.0');

function known(text: string): string | undefined {
  return detectLicenses(text).expression;
}

describe('license texts', () => {
  it('every text of the SPDX list is found as its own', () => {
    const lost = spdxIds().filter((id) => {
      if (/-with-|\+$|^eCos-2\.0$|^wxWindows$/.test(id)) return false;
      const { outcome, parts } = detectLicenses(spdxText(id));
      return outcome !== 'known' || !parts.some((part) => part.expression === id || part.alternatives.includes(id));
    });
    expect(lost).toEqual([]);
  });

  it.each([
    ['upper case', MIT.toUpperCase()],
    ['one line', MIT.replace(/\s+/g, ' ')],
    ['quoted lines', MIT.replace(/^/gm, '> ')],
    ['a C comment', `/*\n${MIT.replace(/^/gm, ' * ')}\n */`],
    ['a shell comment', MIT.replace(/^/gm, '# ')],
    ['Windows lines', MIT.replaceAll('\n', '\r\n')],
    ['Markdown', MIT.replace('MIT License', '# License\n\n**The MIT License (MIT)**')],
    ['HTML', `<html><body><p>${MIT.replaceAll('\n\n', '</p>\n<p>')}</p></body></html>`],
    ['a name instead of the holders', MIT.replace('AUTHORS OR COPYRIGHT HOLDERS', 'ACME CORPORATION OR ITS SUPPLIERS')],
    [
      'several holders',
      MIT.replace(/Copyright .*/, 'Copyright (c) 2001 A\nCopyright 2002, 2003 B <b@example.org>\n© C'),
    ],
  ])('MIT as %s is MIT', (_how, text) => {
    expect(known(text)).toBe('MIT');
  });

  it('finds several licenses of one file and how they go together', () => {
    expect(known(`${MIT}\n\n-----\n\n${ISC}`)).toBe('MIT AND ISC');
    const choice = 'This is licensed under either of the MIT license or the ISC license, at your option.';
    expect(known(`${choice}\n\n${MIT}\n\n-----\n\n${ISC}`)).toBe('MIT OR ISC');
  });

  it('an exception beside a license belongs to it', () => {
    const exception =
      'As an exception, if, as a result of your compiling your source code, portions of this Software are embedded into an Object form of such source code, you may redistribute such embedded portions.';
    expect(known(`${APACHE}\n\n${exception}`)).toBe('Apache-2.0 WITH LLVM-exception');
  });

  it('says on which lines', () => {
    const [part] = detectLicenses(`Foo\n\nBar\n\n${ISC}`).parts;
    expect(part?.line).toBeGreaterThanOrEqual(5);
    expect(part?.endLine).toBeGreaterThan(part?.line ?? 0);
  });
});

describe('changed texts are not known', () => {
  it.each([
    ['a negation', MIT.replace('is hereby granted', 'is hereby not granted')],
    ['half of it', MIT.slice(0, MIT.length / 2)],
    ['the disclaimer gone', MIT.replace(/THE SOFTWARE IS PROVIDED[\s\S]*/, '')],
    ['a right gone', MIT.replace(', and/or sell', '')],
    ['an exception', MIT.replace('without restriction', 'without restriction except commercial use')],
    ['a field of use', ISC.replace('for any purpose', 'for any noncommercial purpose')],
    ['a fee', ISC.replace('without fee', 'with a fee')],
    ['another clause', BSD.replace('THIS SOFTWARE', '4. Redistributions must be approved by Foo.\n\nTHIS SOFTWARE')],
    ['a section gone', APACHE.replace(/3\. Grant of Patent License[\s\S]*?4\. Redis/, '4. Redis')],
    ['a sentence after it', `${MIT}\nUse of the Software for training artificial intelligence models is prohibited.`],
    ['a sentence before it', `The Software may not be sold.\n\n${MIT}`],
    [
      'a term before the appendix',
      APACHE.replace(
        'END OF TERMS AND CONDITIONS',
        'END OF TERMS AND CONDITIONS\n\nThe Work must not be used commercially.\n\n',
      ),
    ],
    ['another name on it', spdxText('MPL-2.0').replaceAll('Mozilla', 'Acme Tools')],
  ])('%s', (_what, text) => {
    const found = detectLicenses(text);
    expect(found.expression).toBeUndefined();
    expect(found.outcome).not.toBe('known');
  });

  it('[§14 E] one restriction makes any license unknown; every third of the SPDX list is tried', () => {
    const extra = '\n\nAdditional restriction: the Software may not be used for commercial purposes.';
    const tried = spdxIds().filter((_, index) => index % 3 === 0);
    expect(tried.filter((id) => known(spdxText(id) + extra) !== undefined)).toEqual([]);
  });
});

describe('notices', () => {
  it.each([
    ['Licensed under the MIT license.', 'MIT'],
    ['This project is MIT licensed.', 'MIT'],
    ['License: Apache License, Version 2.0', 'Apache-2.0'],
    ['Released under the terms of the ISC license.', 'ISC'],
    ['Dual licensed under the MIT and GPLv2 licenses.', 'MIT OR GPL-2.0-only'],
    ['// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception', 'Apache-2.0 WITH LLVM-exception'],
    ['/* SPDX-License-Identifier: (MIT OR BSD-3-Clause) */', 'MIT OR BSD-3-Clause'],
    [
      'This library is free software; you can redistribute it under the terms of the GNU Lesser General Public License; version 2.1 of the License.',
      'LGPL-2.1-only',
    ],
    [
      'This work is licensed under a Creative Commons Attribution-ShareAlike 4.0 International License.',
      'CC-BY-SA-4.0',
    ],
  ])('%s', (text, expression) => {
    expect(known(text)).toBe(expression);
  });

  it.each([
    'See https://opensource.org/licenses/MIT for details.',
    'Use of this source code is governed by a BSD-style license that can be found in the LICENSE file.',
    'This code is compatible with the MIT license.',
    'We chose not to be licensed under the GPLv3.',
    'Licensed under the MIT license for non-commercial use only.',
    'SPDX-License-Identifier: Foo-1.0',
    'MIT, ISC, BSD-3-Clause, Apache-2.0',
    'Licensed under the GNU General Public License.',
    'Copyright 2020 Foo. All rights reserved.',
    '',
  ])('names no license: %s', (text) => {
    expect(known(text)).toBeUndefined();
  });
});

describe('hostile texts', () => {
  it.each([
    ['angle brackets', '<'.repeat(400_000)],
    ['open tags', '<a'.repeat(200_000)],
    ['full stops', '. '.repeat(200_000)],
    ['empty comment lines', '*\n'.repeat(200_000)],
    ['apostrophes', "'".repeat(400_000)],
    ['ampersands', '&a'.repeat(200_000)],
    ['one word', 'the '.repeat(100_000)],
    ['half a license over and over', 'Permission is hereby granted, free of charge, to any person '.repeat(6_000)],
    ['triggers', 'licensed under the terms of the gnu general public license '.repeat(6_000)],
    ['a copyright without end', `Copyright ${'(c) '.repeat(100_000)}`],
    ['lone surrogates', '\ud800'.repeat(100_000)],
  ])('%s take linear time', (_what, text) => {
    detectLicenses(MIT);
    const start = process.cpuUsage();
    detectLicenses(text);
    const used = process.cpuUsage(start);
    expect((used.user + used.system) / 1_000).toBeLessThan(2_500);
  });
});
