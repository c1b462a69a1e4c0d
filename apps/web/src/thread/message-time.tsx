import { formatTime } from '../words/format-time.ts';

interface MessageTimeProps {
  /** ISO 8601. */
  sentAt: string;
  isEdited?: boolean;
}

export const MessageTime = ({ sentAt, isEdited = false }: MessageTimeProps) => (
  <p className="meta">
    {isEdited && 'edited '}
    <time dateTime={sentAt} dir="auto">
      {formatTime(sentAt)}
    </time>
  </p>
);
