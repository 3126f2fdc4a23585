import java.io.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;

/** A little of what a Java program does: collections, threads, exceptions, files, processes, deep stacks. */
public class Hello {
    static int depth(int n) {
        return depth(n + 1) + 1;
    }

    public static void main(String[] args) throws Exception {
        System.out.println(IntStream.range(0, 100).boxed().collect(Collectors.toList()).stream().mapToInt(x -> x).sum());
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Integer>> results = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int n = i;
            results.add(pool.submit(() -> n * n));
        }
        int sum = 0;
        for (Future<Integer> result : results) sum += result.get();
        pool.shutdown();
        System.out.println("squares " + sum);
        try {
            Object nothing = null;
            nothing.toString();
        } catch (NullPointerException e) {
            System.out.println("null");
        }
        try {
            depth(0);
        } catch (StackOverflowError e) {
            System.out.println("deep");
        }
        try {
            System.out.println(1 / (args.length - args.length));
        } catch (ArithmeticException e) {
            System.out.println(e.getMessage());
        }
        System.out.println(Files.readAllLines(Path.of("words")).size());
        Process process = new ProcessBuilder("sh", "-c", "cat; exit 3").start();
        try (OutputStream to = process.getOutputStream()) {
            to.write("through\n".getBytes());
        }
        System.out.print(new String(process.getInputStream().readAllBytes()));
        System.out.println("exit " + process.waitFor());
        Map<String, Integer> map = new TreeMap<>();
        for (int i = 0; i < 20000; i++) map.merge("k" + i % 17, i, Integer::sum);
        System.out.println(map);
        System.out.printf("%.3f %s %x%n", Math.sin(1), String.join("-", args), 255);
        System.gc();
        System.exit(3);
    }
}
