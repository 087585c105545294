// A service that reads its settings file when it starts and again on SIGHUP, without dropping a request.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
)

// Settings is the whole file.
type Settings struct {
	Greeting string `json:"greeting"`
	Limit    int    `json:"limit"`
}

// load reads a file and says what is wrong with it.
func load(path string) (*Settings, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	var settings Settings
	if err := decoder.Decode(&settings); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if settings.Greeting == "" {
		return nil, fmt.Errorf("%s: greeting must be a text that is not empty", path)
	}
	if settings.Limit < 1 || settings.Limit > 1000 {
		return nil, fmt.Errorf("%s: limit must be a number from 1 to 1000, not %d", path, settings.Limit)
	}
	return &settings, nil
}

func main() {
	path := flag.String("settings", "/srv/greeter/live/settings.json", "the settings file")
	listen := flag.String("listen", "127.0.0.1:8081", "where to listen")
	pidFile := flag.String("pid-file", "", "where to write the number of the process")
	check := flag.Bool("check", false, "only judge the settings file")
	flag.Parse()

	first, err := load(*path)
	if err != nil {
		log.Fatal(err)
	}
	if *check {
		return
	}
	var current atomic.Pointer[Settings]
	current.Store(first)

	// Listened to before the number is written: an early signal would end the process.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for range hangup {
			settings, err := load(*path)
			if err != nil {
				log.Printf("the settings stay as they are: %v", err)
				continue
			}
			current.Store(settings)
			log.Print("new settings")
		}
	}()
	if *pidFile != "" {
		if err := os.WriteFile(*pidFile, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
			log.Fatal(err)
		}
	}

	http.HandleFunc("/", func(response http.ResponseWriter, _ *http.Request) {
		// One look for the whole request, so that it never sees half of a change.
		settings := current.Load()
		fmt.Fprintf(response, "%s, at most %d\n", settings.Greeting, settings.Limit)
	})
	log.Fatal(http.ListenAndServe(*listen, nil))
}
