export const messagesPath = (conversationId: string): string =>
  `/v1/conversations/${encodeURIComponent(conversationId)}/messages`;
