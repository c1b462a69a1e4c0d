import io.tus.java.client.TusClient;
import io.tus.java.client.TusURLStore;
import io.tus.java.client.TusUpload;
import io.tus.java.client.TusUploader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * One upload with tus-java-client, resumed when an earlier run of the same file left something. Bodies go out
 * chunked, without a Content-Length, after Expect: 100-continue, as POST with X-HTTP-Method-Override.
 */
public class Upload {
    /** Keeps one URL in a file, so that another process can go on. */
    record FileStore(Path path) implements TusURLStore {
        @Override
        public void set(String fingerprint, URL url) {
            try {
                Files.writeString(path, url.toString());
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        @Override
        public URL get(String fingerprint) {
            try {
                return Files.exists(path) ? URI.create(Files.readString(path)).toURL() : null;
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        @Override
        public void remove(String fingerprint) {
            path.toFile().delete();
        }
    }

    public static void main(String[] args) throws Exception {
        String endpoint = args[0], token = args[1], file = args[2], state = args[3];
        int chunkBytes = Integer.parseInt(args[4]), requestBytes = Integer.parseInt(args[5]);
        TusClient client = new TusClient();
        client.setUploadCreationURL(URI.create(endpoint).toURL());
        client.setHeaders(Map.of("Authorization", "Bearer " + token));
        client.enableResuming(new FileStore(Path.of(state)));
        TusUpload upload = new TusUpload(new File(file));
        upload.setMetadata(Map.of("filename", "random.bin", "filetype", "application/octet-stream"));

        TusUploader uploader = client.resumeOrCreateUpload(upload);
        if (uploader.getOffset() > 0) System.out.println("{\"resumed_at\":" + uploader.getOffset() + "}");
        uploader.setChunkSize(chunkBytes);
        uploader.setRequestPayloadSize(requestBytes);
        while (uploader.uploadChunk() > -1) System.out.println("{\"sent\":" + uploader.getOffset() + "}");
        uploader.finish();
        System.out.println("{\"url\":\"" + uploader.getUploadURL() + "\"}");
    }
}
