import type { ChatUser, FileToSend } from '../../harness/chat-user.ts';
import { WireUpload } from '../../harness/tus-wire.ts';

/** An upload that has arrived, and when its last byte was sent: milliseconds since 1970, as all processes count them. */
export interface Sent {
  id: string;
  lastByteAt: number;
}

export interface MediaToSend extends FileToSend {
  messageType: 'image' | 'video';
}

export const asPhoto = (bytes: Buffer): MediaToSend => ({
  bytes,
  filename: 'photo.jpg',
  filetype: 'image/jpeg',
  messageType: 'image',
});

export const asVideo = (bytes: Buffer): MediaToSend => ({
  bytes,
  filename: 'video.mp4',
  filetype: 'video/mp4',
  messageType: 'video',
});

/** Uploads and sends the message; resolves when both are acknowledged. */
export const sendMedia = async (
  { baseUrl, sender, conversation }: { baseUrl: string; sender: ChatUser; conversation: string },
  { bytes, filename, filetype, messageType }: MediaToSend,
): Promise<Sent> => {
  const upload = await WireUpload.create({ baseUrl, token: sender.token }, bytes.length, {
    filename,
    filetype,
  });
  const request = upload.openPatch(0, bytes.length);
  await request.write(bytes.subarray(0, -1));
  const lastByteAt = performance.timeOrigin + performance.now();
  await request.write(bytes.subarray(-1));
  request.end();
  const answer = await request.answer;
  if (answer.kind !== 'answered' || answer.status !== 204)
    throw new Error(`the upload was answered ${JSON.stringify(answer)}`);
  const { status } = await sender.send(conversation, {
    client_message_id: upload.id,
    message_type: messageType,
    media_object_id: upload.id,
  });
  if (status !== 201) throw new Error(`the message was answered ${status}`);
  return { id: upload.id, lastByteAt };
};
