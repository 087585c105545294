package com.example.greeter;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Made anew after a refresh, at its next call: so the field with {@code @Value} follows, too. */
@RefreshScope
@RestController
public class GreeterController {
    private final GreeterProperties properties;
    private final String colour;

    public GreeterController(GreeterProperties properties, @Value("${greeter.colour:blue}") String colour) {
        this.properties = properties;
        this.colour = colour;
    }

    @GetMapping("/")
    public String greet() {
        return "%s in %s, at most %d%n".formatted(properties.getGreeting(), colour, properties.getLimit());
    }
}
