/** Directories and file names of tests, fixtures, examples and manuals. */
const TEST_PATH =
  /(?:^|\/)(?:__tests__|__mocks__|__fixtures__|tests?|spec|specs|testdata|test-data|fixtures?|mocks?|examples?|samples?|docs?)\/|[._-](?:test|spec|fixture|mock|example|sample)\.[^/]+$|_test\.[^/]+$|\.(?:md|rst|adoc)$/i;

/** Whether a file belongs to tests or examples. A real token found there is as real as elsewhere. */
export function isTestPath(path: string): boolean {
  return TEST_PATH.test(path);
}
