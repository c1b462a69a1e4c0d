ALTER TABLE "media_object" ADD COLUMN "data" JSONB;
ALTER TABLE "media_reference" ADD COLUMN "data" JSONB;
ALTER TABLE "message" ADD COLUMN "data" JSONB, ADD COLUMN "edited_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "message_attachment" (
    "message_id" UUID NOT NULL,
    "position" SMALLINT NOT NULL,
    "media_object_id" UUID,
    "filename" TEXT,
    "alt" TEXT,

    CONSTRAINT "message_attachment_pkey" PRIMARY KEY ("message_id","position")
);

-- CreateTable
CREATE TABLE "message_tombstone" (
    "sender_user_id" TEXT NOT NULL,
    "conversation_id" TEXT NOT NULL,
    "client_message_id" TEXT NOT NULL,
    "deleted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_tombstone_pkey" PRIMARY KEY ("sender_user_id","conversation_id","client_message_id")
);

-- CreateIndex
CREATE INDEX "message_attachment_media_object_id_idx" ON "message_attachment"("media_object_id");

-- CreateIndex
CREATE INDEX "message_tombstone_conversation_id_idx" ON "message_tombstone"("conversation_id");

-- AddForeignKey
ALTER TABLE "message_attachment" ADD CONSTRAINT "message_attachment_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "message"("message_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message_attachment" ADD CONSTRAINT "message_attachment_media_object_id_fkey" FOREIGN KEY ("media_object_id") REFERENCES "media_object"("media_object_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message_tombstone" ADD CONSTRAINT "message_tombstone_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversation"("conversation_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A deletion takes a message's edits out of the log too.
CREATE INDEX "conversation_event_edit" ON "conversation_event" (("payload"->'message'->>'message_id'))
  WHERE "type" = 'message.updated';
