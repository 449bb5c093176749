// Ends by what the runtime itself finds: only programs without the network can.
package main

import "os"

func main() {
	if os.Args[1] == "deadlock" {
		<-make(chan bool)
	}
	counts := map[int]int{}
	for i := 0; i < 8; i++ {
		go func(i int) {
			for {
				counts[i]++
			}
		}(i)
	}
	<-make(chan bool)
}
