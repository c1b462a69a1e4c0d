const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

interface MessageMetaProps {
  sender: string;
  sentAt: string;
}

export const MessageMeta = ({ sender, sentAt }: MessageMetaProps) => (
  <p className="meta">
    <span className="sender">{sender}</span> <time dateTime={sentAt}>{time.format(new Date(sentAt))}</time>
  </p>
);
