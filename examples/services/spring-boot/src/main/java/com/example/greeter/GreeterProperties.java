package com.example.greeter;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/**
 * What a refresh changes. A refresh binds this same object anew, through its setters: a record, or any class that is
 * bound through its constructor, would keep its first values.
 */
@Validated
@ConfigurationProperties("greeter")
public class GreeterProperties {
    @NotBlank
    private String greeting = "Hello";

    @Min(1)
    @Max(1000)
    private int limit = 10;

    public String getGreeting() {
        return greeting;
    }

    public void setGreeting(String greeting) {
        this.greeting = greeting;
    }

    public int getLimit() {
        return limit;
    }

    public void setLimit(int limit) {
        this.limit = limit;
    }
}
