-- AlterTable
ALTER TABLE "user_usage" ADD COLUMN     "day" DATE,
ADD COLUMN     "uploads_today" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "user_limit" (
    "owner_user_id" TEXT NOT NULL,
    "quota_bytes" BIGINT,
    "max_open_uploads" INTEGER,
    "max_uploads_per_day" INTEGER,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_limit_pkey" PRIMARY KEY ("owner_user_id")
);

-- CreateTable
CREATE TABLE "media_session" (
    "token" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "conversation_id" TEXT,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "media_session_pkey" PRIMARY KEY ("token")
);

-- CreateIndex
CREATE INDEX "media_session_expires_at_idx" ON "media_session"("expires_at");

-- AddForeignKey
ALTER TABLE "media_session" ADD CONSTRAINT "media_session_conversation_id_user_id_fkey" FOREIGN KEY ("conversation_id", "user_id") REFERENCES "conversation_member"("conversation_id", "user_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- One session a user and conversation, and one for what a user owns: a null is like another (PostgreSQL 15).
CREATE UNIQUE INDEX "media_session_user" ON "media_session" ("user_id", "conversation_id") NULLS NOT DISTINCT;
