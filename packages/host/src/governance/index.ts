export type { ApprovalSummary, ApprovalView } from './approval-view.ts';
export { type HomeConsents, openConsents } from './home-consents.ts';
export { type ApprovalReply, type Approvals, type Inbox, openInbox } from './inbox.ts';
