// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"example.org/parley/hint"
	"example.org/parley/internal/story"
)

// demo shows the whole with two parties on this machine.
func (a *app) demo() *cobra.Command {
	var once, alone bool
	var keep, file string
	var tone float64
	c := &cobra.Command{Use: "demo [phone|STORY]", Short: "Two desks at one address, to try everything; with telephones, or a story with its questions.", Args: nargs(0, 1),
		Long: "Starts two nodes and the cables between them, tells the start of the story, and stays up at one address until Ctrl-C.\nWith --once it plays the whole without a person and exits 0 only if every step held.\nWith phone there are two telephones too (baresip), each on a network of its own: it needs root. With --once each sort of edge calls each other one, and what was heard is printed.\nWith spring, or a file of yours (--story), it plays that story on a time of its own: every question must be answered as the story says."}
	c.Flags().BoolVar(&once, "once", false, "play the whole without a person, then end")
	c.Flags().StringVar(&keep, "keep", "", "leave the homes and the export in this directory")
	c.Flags().BoolVar(&alone, "alone", false, "play the story with its first party alone on the line")
	c.Flags().StringVar(&file, "story", "", "play this story's file")
	c.Flags().Float64Var(&tone, "tone", 440, "Hz of the tone that --once sends through its call")
	c.RunE = func(c *cobra.Command, args []string) error {
		phones := file == "" && len(args) == 1 && args[0] == "phone"
		if phones {
			args = nil
		}
		told, err := readStory(file, args)
		if err != nil {
			return err
		}
		if told != nil {
			told.Alone = alone
		}
		if told == nil && alone {
			return hint.Usage("parley demo spring --alone --once", "only a story is played alone")
		}
		if told != nil && !once {
			return hint.Usage("parley demo spring --once", "a story is played once and ends")
		}
		if tone < 200 || tone > 3400 {
			return hint.Usage("--tone 200 to 3400", "a tone of %g Hz does not pass a telephone", tone)
		}
		dir, clean, err := demoDir(keep)
		if err != nil {
			return err
		}
		defer clean()
		log, err := os.Create(filepath.Join(dir, "nodes.log"))
		if err != nil {
			return fmt.Errorf("couldn't make the nodes' log: %w", err)
		}
		defer log.Close()
		ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		defer stop()
		if told != nil {
			return a.demoStory(ctx, dir, log, told)
		}
		if phones {
			return a.demoPhones(ctx, dir, log, once)
		}
		if once {
			return a.demoOnce(ctx, dir, log, tone)
		}
		return a.demoStay(ctx, &story.World{Dir: dir, Log: log})
	}
	return c
}

// readStory reads the story that is asked for, nil where none is.
func readStory(file string, built []string) (*story.File, error) {
	text := ""
	switch {
	case file == "" && len(built) == 0:
		return nil, nil
	case file != "" && len(built) > 0:
		return nil, hint.Usage("parley demo spring, or parley demo --story FILE", "one story at a time")
	case file != "":
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, hint.New("its form: doc/stories.md", "the story cannot be read: %v", err)
		}
		text = string(b)
	case story.Built[built[0]] == "":
		return nil, hint.Usage("parley demo spring, or a file of yours: parley demo --story FILE", "there is no story %q", built[0])
	default:
		text = story.Built[built[0]]
	}
	f, err := story.Read(text)
	if err != nil {
		return nil, hint.Usage("its form: doc/stories.md", "the story cannot be played: %v", err)
	}
	return f, nil
}

// demoStory plays a story and holds every question to its answer.
//
// SPEC: CLI-049
func (a *app) demoStory(ctx context.Context, dir string, log io.Writer, f *story.File) error {
	began, asked, held := time.Now(), 0, 0
	err := story.Simulate(ctx, dir, log, f, func(q story.QuestionLine) {
		if asked++; q.Held {
			held++
		}
		switch {
		case a.json:
			_ = json.NewEncoder(a.out).Encode(q) // one object a line
		case q.Held:
			fmt.Fprintf(a.out, "ok   ? %s => %s\n", q.Question, q.Expected)
		default:
			fmt.Fprintf(a.out, "FAIL ? %s => %s\n%s\n", q.Question, q.Expected, q.Answer)
		}
	})
	switch {
	case err != nil:
		return hint.New("the nodes' log: parley demo --once --keep DIR", "the story could not be played: %v", err)
	case held < asked:
		return hint.New("what was answered stands above", "%d of %d questions were not answered as the story says", asked-held, asked)
	case !a.json:
		fmt.Fprintf(a.out, a.tr("Every question was answered as the story says: %d, in %.0f s.\n"), asked, time.Since(began).Seconds())
	}
	return nil
}

// demoDir is the directory of the homes: a new one that goes when the demo does, or the one to keep.
func demoDir(keep string) (dir string, clean func(), err error) {
	if keep == "" {
		dir, err = os.MkdirTemp("", "parley-demo-")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	if es, err := os.ReadDir(keep); err == nil && len(es) > 0 {
		return "", nil, hint.New("name a directory that does not exist yet", "%s is not empty", keep)
	}
	return keep, func() {}, os.MkdirAll(keep, 0o700)
}

// tell prints a step as it ends.
func (a *app) tell(s story.Scene) {
	if a.json {
		_ = json.NewEncoder(a.out).Encode(s) // one object a line
		return
	}
	mark := "ok  "
	if !s.OK {
		mark = "FAIL"
		s.Says = s.Err
	}
	fmt.Fprintf(a.out, "%s %5.1f s  %-13s %s\n", mark, float64(s.MS)/1000, s.Step, s.Says)
}

func (a *app) demoOnce(ctx context.Context, dir string, log io.Writer, tone float64) error {
	began := time.Now()
	w := &story.World{Dir: dir, Log: log, Demo: true, Tone: tone}
	if err := w.Make(); err != nil {
		return err
	}
	defer w.Close()
	if err := w.Play(ctx, a.tell, story.Seat, story.Opening, story.Rest); err != nil {
		return hint.New("the nodes' log: parley demo --once --keep DIR", "a step of the story did not hold: %v", err)
	}
	if !a.json {
		fmt.Fprintf(a.out, a.tr("Every step held, in %.0f s.\n"), time.Since(began).Seconds())
	}
	return nil
}

// demoPhones is the demo with a telephone at each house.
//
// SPEC: CLI-057
func (a *app) demoPhones(ctx context.Context, dir string, log io.Writer, once bool) error {
	w := &story.World{Dir: dir, Log: log, Demo: once}
	for i, number := range []string{"201", "301"} {
		of := filepath.Join(dir, "telephone-"+number)
		if err := os.MkdirAll(of, 0o700); err != nil {
			return fmt.Errorf("couldn't make the telephone's directory: %w", err)
		}
		p, err := story.Plug(of, number, "manual", []float64{440, 1000}[i], 8000, nil)
		if err != nil {
			return err
		}
		defer p.Unplug()
		w.Phones[i] = p
	}
	if !once {
		return a.demoStay(ctx, w)
	}
	err := w.Make()
	if err != nil {
		return err
	}
	defer w.Close()
	if err = w.Play(ctx, func(story.Scene) {}, story.Seat); err != nil {
		return err
	}
	failed := 0
	err = w.Edges(ctx, func(h story.Heard) {
		if h.LeftOut == "" && !h.OK {
			failed++
		}
		switch {
		case a.json:
			_ = json.NewEncoder(a.out).Encode(h) // one object a line
		case h.LeftOut != "":
			fmt.Fprintf(a.out, a.tr("left out  %s: %s\n"), h.Pair, h.LeftOut)
		default:
			fmt.Fprintf(a.out, a.tr("%-18s %s → %s: sent %g Hz, heard %.1f Hz at %.1f dB"), h.Pair, h.From, h.To, h.SentHz, h.HeardHz, h.LevelDB)
			if h.FramesLost != nil {
				fmt.Fprintf(a.out, a.tr("; %d frames lost, longest gap %g ms"), *h.FramesLost, *h.LongestGapMS)
			}
			fmt.Fprintln(a.out)
		}
	})
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d edges did not hear what was sent", failed)
	}
	if err != nil {
		return hint.New("the nodes' log: parley demo phone --once --keep DIR", "a call did not hold: %v", err)
	}
	return nil
}

// handsets reads what is typed for the telephones: 201 dial, 301 lift, 201 down. What is neither gets the usage.
func (a *app) handsets(w *story.World, usage string) {
	does := map[string]func(*story.Handset) error{
		"dial": (*story.Handset).Dial, "lift": (*story.Handset).Lift, "down": (*story.Handset).Down,
		"stop": func(p *story.Handset) error { return p.Does("sndcode", "**7867") },
	}
	for in := bufio.NewScanner(a.in); in.Scan(); {
		number, what, _ := strings.Cut(strings.TrimSpace(in.Text()), " ")
		f, i := does[what], slices.IndexFunc(w.Phones[:], func(p *story.Handset) bool { return p.Number == number })
		if f == nil || i < 0 {
			fmt.Fprintln(a.out, usage)
		} else if err := f(w.Phones[i]); err != nil {
			fmt.Fprintln(a.out, err)
		}
	}
}

func (a *app) demoStay(ctx context.Context, w *story.World) error {
	fmt.Fprintln(a.out, a.tr("Two parties who do not trust each other. One line. No server between."))
	d, err := story.OpenDemo(ctx, w, a.tell)
	if err != nil {
		return err
	}
	defer d.Close()
	if w.Phones[0] != nil {
		usage := a.tr("Type: 201 dial (the other party rings), 301 lift, 201 stop (keys **7867, twice within 20 seconds), 201 down.")
		fmt.Fprintln(a.out, a.tr("\nTelephone 201 stands at aurelia's, 301 at borealia's; each speaks a tone.")+"\n"+usage)
		go a.handsets(w, usage)
	}
	fmt.Fprintf(a.out, a.tr("\nBoth desks are at\n\n  %s\n\nCtrl-C ends everything.\n"), d.URL())
	openBrowser(d.URL())
	<-ctx.Done()
	fmt.Fprintln(a.out, a.tr("ended: nothing is left running"))
	return nil
}

// openBrowser opens the address where there is a display and we are not root: Chromium refuses root, and
// without a display an opener may seize the terminal.
func openBrowser(url string) {
	if os.Getuid() == 0 || os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return
	}
	if cmd := exec.Command("xdg-open", url); cmd.Start() == nil {
		go func() { _ = cmd.Wait() }()
	}
}
