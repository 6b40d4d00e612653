// Adapter: the Java sample of the FastAPI.ai document, with java.net.http and text cut out of the JSON by position.

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

public class Adapter {
    static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    final String id;
    final StringBuilder texts = new StringBuilder();
    final StringBuilder notes = new StringBuilder();

    Adapter(String id) {
        this.id = id;
    }

    void write(String text) {
        texts.append(text);
        say("{\"type\":\"delta\",\"id\":" + id + ",\"choice\":0,\"text\":" + quoted(text) + "}");
    }

    void play(Map<String, String> run) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(unquoted(run.get("url"))))
            .header("Authorization", "Bearer " + unquoted(run.get("api_key")))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(run.get("request")))
            .build();
        InputStream body = HttpClient.newHttpClient().send(request, BodyHandlers.ofInputStream()).body();
        // The status is not looked at; the charset is that of the platform.
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(body))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String data = line.startsWith("data:") ? line.substring("data:".length()).trim() : "";
                if (!data.isEmpty() && !data.equals("[DONE]")) {
                    show(data);
                }
            }
        }
    }

    // The text is what stands between the quotes after the first `"content":`, escapes and all, to the first quote.
    void show(String data) {
        String mark = "\"content\":\"";
        int place = data.contains("\"delta\"") ? data.indexOf(mark) : -1;
        int from = place + mark.length();
        int to = place < 0 ? -1 : data.indexOf('"', from);
        if (place >= 0 && to > from) {
            write(data.substring(from, to));
        } else {
            notes.append(data).append('\n');
        }
    }

    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Map<String, String> message = fields(line);
            switch (unquoted(message.get("type"))) {
                case "hello" -> {
                    String java = System.getProperty("java.version");
                    say("{\"type\":\"hello\",\"protocol\":1,\"client\":\"fastapi-ai-java\",\"version\":\"java.net.http of "
                        + java + "\",\"language\":\"java\",\"runtime\":\"Java " + java
                        + "\",\"dialects\":[\"openai-chat\"],\"reports\":\"message\",\"capabilities\":[]}");
                }
                case "run" -> answer(message);
                default -> System.exit(0);
            }
        }
    }

    static void answer(Map<String, String> run) {
        Adapter adapter = new Adapter(run.get("id"));
        String error = "null";
        try {
            adapter.play(run);
        } catch (Exception thrown) {
            error = "{\"type\":" + quoted(thrown.getClass().getSimpleName()) + ",\"message\":"
                + quoted(String.valueOf(thrown.getMessage())) + ",\"phase\":\"stream\",\"raised\":\"thrown\"}";
        }
        say("{\"type\":\"result\",\"id\":" + adapter.id + ",\"choices\":[{\"index\":0,\"text\":"
            + quoted(adapter.texts.toString()) + "}],\"usage\":null,\"error\":" + error
            + ",\"stopped\":false,\"extra_output\":" + quoted(adapter.notes.toString()) + "}");
    }

    static void say(String line) {
        OUT.println(line);
    }

    // The fields of a JSON object, each value as it stands: enough to read a message, which is JSON already.
    static Map<String, String> fields(String json) {
        Map<String, String> found = new HashMap<>();
        int depth = 0;
        int start = -1;
        String key = null;
        for (int place = 0; place < json.length(); place++) {
            char at = json.charAt(place);
            if (at == '"') {
                int from = place;
                for (place++; json.charAt(place) != '"'; place++) {
                    place += json.charAt(place) == '\\' ? 1 : 0;
                }
                if (depth == 1 && key == null) {
                    key = unquoted(json.substring(from, place + 1));
                }
            } else if (at == ':' && depth == 1 && start < 0) {
                start = place + 1;
            } else if (at == '{' || at == '[') {
                depth++;
            } else if (at == '}' || at == ']' || at == ',') {
                if (depth == 1 && key != null) {
                    found.put(key, json.substring(start, place).trim());
                    key = null;
                    start = -1;
                }
                depth -= at == ',' ? 0 : 1;
            }
        }
        return found;
    }

    static String unquoted(String json) {
        StringBuilder text = new StringBuilder();
        for (int place = 1; place < json.length() - 1; place++) {
            char at = json.charAt(place);
            if (at != '\\') {
                text.append(at);
                continue;
            }
            char escaped = json.charAt(++place);
            if (escaped == 'u') {
                text.append((char) Integer.parseInt(json.substring(place + 1, place + 5), 16));
                place += 4;
            } else {
                int known = "bfnrt".indexOf(escaped);
                text.append(known < 0 ? escaped : "\b\f\n\r\t".charAt(known));
            }
        }
        return text.toString();
    }

    static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char at : text.toCharArray()) {
            if (at == '"' || at == '\\') {
                json.append('\\').append(at);
            } else if (at < ' ' || Character.isSurrogate(at)) {
                json.append(String.format("\\u%04x", (int) at));
            } else {
                json.append(at);
            }
        }
        return json.append('"').toString();
    }
}
