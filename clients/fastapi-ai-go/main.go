// Adapter: the Go sample of the FastAPI.ai document, with net/http and bufio.Scanner.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"runtime"
	"strings"
)

// A run of the protocol, as far as the sample can follow it.
type message struct {
	Type    string          `json:"type"`
	ID      int             `json:"id"`
	URL     string          `json:"url"`
	APIKey  string          `json:"api_key"`
	Request json.RawMessage `json:"request"`
}

type object = map[string]any

var out = json.NewEncoder(os.Stdout)

// An answer is what the sample has printed: text, and what else it prints.
type answer struct {
	id    int
	texts strings.Builder
	notes strings.Builder
}

func (a *answer) write(text string) {
	a.texts.WriteString(text)
	out.Encode(object{"type": "delta", "id": a.id, "choice": 0, "text": text})
}

type chunk struct {
	Choices []struct {
		Delta struct{ Content string }
	}
}

func (a *answer) play(run message) error {
	request, err := http.NewRequest(http.MethodPost, run.URL, bytes.NewReader(run.Request))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+run.APIKey)
	// The sample's default client, but with no connection left from the run before.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	// Why the scanner stops is not asked: a broken connection and a line that is too long look like an end.
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		value, isData := strings.CutPrefix(lines.Text(), "data:")
		value = strings.TrimSpace(value)
		switch {
		case !isData || value == "":
		case value == "[DONE]":
			return nil
		default:
			a.show(value)
		}
	}
	return nil
}

func (a *answer) show(value string) {
	var read chunk
	err := json.Unmarshal([]byte(value), &read)
	if err == nil && len(read.Choices) > 0 && read.Choices[0].Delta.Content != "" {
		a.write(read.Choices[0].Delta.Content)
	} else {
		a.notes.WriteString(value + "\n")
	}
}

func main() {
	out.SetEscapeHTML(false)
	for lines := bufio.NewReader(os.Stdin); ; {
		line, err := lines.ReadBytes('\n')
		var said message
		if err != nil || json.Unmarshal(line, &said) != nil {
			return
		}
		switch said.Type {
		case "hello":
			out.Encode(object{
				"type": "hello", "protocol": 1, "client": "fastapi-ai-go", "version": "net/http of " + runtime.Version(),
				"language": "go", "runtime": runtime.Version(), "dialects": []string{"openai-chat"},
				"reports": "message", "capabilities": []string{},
			})
		case "run":
			a := &answer{id: said.ID}
			var fault any
			if err := a.play(said); err != nil {
				// The sample panics.
				fault = object{"type": "panic", "message": err.Error(), "phase": "open", "raised": "thrown"}
			}
			out.Encode(object{
				"type": "result", "id": said.ID, "choices": []object{{"index": 0, "text": a.texts.String()}},
				"usage": nil, "error": fault, "stopped": false, "extra_output": a.notes.String(),
			})
		default:
			return
		}
	}
}
