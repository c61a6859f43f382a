export { runTool, TOOL_REPORT_ERRORS, type ToolCall, type ToolOutcome, type ToolReportErrorCode } from './run-tool.ts';
export { listOf, membersOf, parseToolReport, textOf } from './tool-report.ts';
export { type TreePaths, treePaths } from './tree-paths.ts';
