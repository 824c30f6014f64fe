//go:build cluster

package cluster

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// python is a program of the virtual environment.
func python(t *testing.T, name string) string {
	t.Helper()
	venv := os.Getenv("FLENGINE_CLUSTER_VENV")
	if venv == "" {
		t.Fatal("FLENGINE_CLUSTER_VENV is not set: want the virtual environment that make cluster makes")
	}
	return filepath.Join(venv, "bin", name)
}

// document is the path of a file of docs.
func document(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(docs, name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func dask(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	return command(t, dir, python(t, "python"), document(t, "dask_recipe.py"), "--json")
}

func TestDask(t *testing.T) {
	measured(t, "dask_recipe.py, two processes", func() *exec.Cmd { return dask(t, work(t, images(t, false))) })
}

// TestDaskKilled: Dask gives what a worker that was killed had to do to another.
func TestDaskKilled(t *testing.T) {
	v := newVictim(t, "flbench", flbench(t), "python", 0)
	same(t, run(t, v.of(dask(t, work(t, images(t, false))))).total(t), alone(t))
	v.died(t)
}

func TestDaskNaN(t *testing.T) {
	run(t, dask(t, work(t, images(t, true)))).namesNaN(t, lastNaN(t))
}

// spark runs the recipe with two executors, in processes of their own, which write their logs
// below dir/spark/work.
func spark(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	home := filepath.Join(dir, "spark") // as installed, but for the folder work
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	installed, err := filepath.Glob(filepath.Join(filepath.Dir(python(t, "")), "lib", "python3*", "site-packages", "pyspark", "*"))
	if err != nil || len(installed) == 0 {
		t.Fatalf("no pyspark in the virtual environment: %v", err)
	}
	for _, path := range installed {
		if name := filepath.Base(path); name != "work" {
			if err := os.Symlink(path, filepath.Join(home, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := command(t, dir, python(t, "spark-submit"), "--master", "local-cluster[2,1,1024]", document(t, "spark_recipe.py"), "--json")
	cmd.Env = append(cmd.Env, "SPARK_HOME="+home, "PYSPARK_PYTHON="+python(t, "python"), "SPARK_LOCAL_IP=127.0.0.1")
	return cmd
}

func TestSpark(t *testing.T) {
	measured(t, "spark_recipe.py, two executors", func() *exec.Cmd { return spark(t, work(t, images(t, false))) })
}

// TestSparkKilled: Spark starts another executor for one that was killed.
func TestSparkKilled(t *testing.T) {
	v := newVictim(t, "flbench", flbench(t), "java", 0)
	same(t, run(t, v.of(spark(t, work(t, images(t, false))))).total(t), alone(t))
	v.died(t)
}

// TestSparkNaN: the program's exit code reaches Spark, its message is in the executor's log.
func TestSparkNaN(t *testing.T) {
	dir := work(t, images(t, true))
	done := run(t, spark(t, dir))
	if want := "exited with error code 1"; !strings.Contains(done.stderr, want) {
		t.Errorf("stderr %q: want %q", done.stderr, want)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "spark", "work", "app-*", "*", "stderr"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("logs of executors: %v, %v", logs, err)
	}
	done.stderr = ""
	for _, log := range logs {
		done.stderr += read(t, log)
	}
	done.namesNaN(t, lastNaN(t))
}

// TestManifests: Kubernetes' schema takes the manifests, and a reader of YAML sees in them
// the commands that TestKubernetes runs.
func TestManifests(t *testing.T) {
	for _, name := range []string{"k8s-eval.yaml", "k8s-merge.yaml"} {
		if done := run(t, exec.Command(python(t, "kubernetes-validate"), "--strict", document(t, name))); done.code != 0 {
			t.Errorf("%s: %s%s", name, done.stdout, done.stderr)
		}
		cmd := exec.Command(python(t, "python"), "-c", "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)", document(t, name))
		var job struct {
			Spec struct {
				Completions int
				Template    struct {
					Spec struct {
						Containers []struct {
							Command, Args []string
							Env           []struct{ Name, Value string }
						}
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(run(t, cmd).stdout), &job); err != nil || len(job.Spec.Template.Spec.Containers) != 1 {
			t.Fatalf("%s: %v, %+v", name, err, job)
		}
		c := job.Spec.Template.Spec.Containers[0]
		if strings.Join(c.Command, " ") != "sh -euc" || len(c.Args) != 1 || c.Args[0] != manifestScript(t, name) {
			t.Errorf("%s: command %q, args %q: want what TestKubernetes runs", name, c.Command, c.Args)
		}
		if n := job.Spec.Completions; n != 0 && (len(c.Env) != 1 || c.Env[0].Value != strconv.Itoa(n)) {
			t.Errorf("%s: %d completions, environment %v: want TASKS to be as many", name, n, c.Env)
		}
	}
}

// start runs a service of the virtual environment until the test ends.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	startGroup(t, cmd)
	services = append(services, cmd.Process.Pid)
	t.Cleanup(func() {
		services = services[:len(services)-1]
		killGroup(cmd.Process.Pid)
		cmd.Wait()
		log.Close()
		if t.Failed() {
			t.Logf("%s:\n%s", cmd, read(t, log.Name()))
		}
	})
}

// freePort is a port that nobody listened on a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// listening waits until a service takes connections.
func listening(t *testing.T, port int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", fmt.Sprintf("localhost:%d", port))
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("no service on port %d: %v", port, err)
		}
	}
}
